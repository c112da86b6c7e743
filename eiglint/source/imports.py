"""The imports and the outermost definitions of a file, read from its bytes without parsing."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

_IMPORT = re.compile(rb"import\b")
_FROM = re.compile(rb"[ \t]*(?:[^#'\"\n]*[;:][ \t]*)?from[ \t]+(?P<dots>\.*)[ \t]*(?P<module>[\w.]*)[ \t]*\Z")
_PLAIN = re.compile(rb"[ \t]*(?:[^#'\"\n]*[;:][ \t]*)?\Z")
_NAMES = re.compile(rb"[ \t]*(?:\((?P<many>[^)]*)\)|(?P<few>(?:[^\n;#\\]|\\\r?\n)*))")
_COMMENT = re.compile(rb"#[^\n]*")
_AS = re.compile(rb"([\w.*]+)(?:\s+as\s+(\w+))?\Z")
_OUTER = re.compile(
    rb"^(?:@|(?:async[ \t]+)?def[ \t]+|class[ \t]+|(?=(?P<call>[^\W\d]\w*[ \t]*(?P<dot>\.[\w. \t]*)?\()))?"
    rb"(?P<name>[^\W\d]\w*)",
    re.MULTILINE,
)
_KEPT = re.compile(rb"(?<![\w.])([^\W\d]\w*)[ \t]*(?:\[|\.\w+\(|[-+|&]?=[^=])")
_DECORATOR = re.compile(rb"^@[ \t]*(\w+)[ \t]*(\.?)", re.MULTILINE)
_INNER = re.compile(
    rb"^[ \t]+(?:(?:async[ \t]+)?def[ \t]+|class[ \t]+)(?P<name>[^\W\d]\w*)"
    rb"|^[ \t]+(?P<variable>[^\W\d]\w*)[ \t]*(?::[^=\n]*)?=[^=]",
    re.MULTILINE,
)
_TEXT = re.compile(
    rb"""[rRbBuUfFtT]{0,2}(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*')|\#[^\n]*""",
    re.DOTALL,
)
_STATEMENT = re.compile(rb"^[ \t]*(?:from[ \t]+[\w.]+[ \t]+)?import\b[ \t]*(?:\([^)]*\)|[^\n;]*)", re.MULTILINE)
_DOTTED = re.compile(rb"[^\W\d]\w*(?:\.\w+)*")
_BY_NAME = re.compile(
    rb"^[ \t]*(\w+)[ \t]*=[ \t]*(?:importlib\.)?import_module\([ \t]*[\"']([\w.]+)[\"'][ \t]*\)", re.M
)
_KEYWORDS = frozenset(keyword.kwlist)


class Imported(NamedTuple):
    """`from <level dots><module> import name as alias`, or, where name is empty, `import module as alias`."""

    module: str
    level: int
    name: str
    alias: str


class Block(NamedTuple):
    """A stretch of source that begins with an outermost definition, assignment or call of a name.

    `call` is "(" where the name itself is called there, "." where an attribute of it is.
    """

    name: str
    code: bytes
    call: str = ""


def imports_of(source: bytes) -> tuple[Imported, ...]:
    """Read every import of a file, those inside functions included; text that looks like one does no harm."""
    found: list[Imported] = []
    for word in _IMPORT.finditer(source):
        start = source.rfind(b"\n", 0, word.start()) + 1
        before = source[start : word.start()]
        if origin := _FROM.match(before):
            module, level = origin["module"].decode("utf-8", "replace"), len(origin["dots"])
            found += [Imported(module, level, name, alias) for name, alias in _names(source, word.end())]
        elif _PLAIN.match(before):
            found += [Imported(name, 0, "", alias) for name, alias in _names(source, word.end())]
    if b"import_module" in source:
        found += [Imported(m[2].decode(), 0, "", m[1].decode("utf-8", "replace")) for m in _BY_NAME.finditer(source)]
    return tuple(found)


def _names(source: bytes, start: int) -> list[tuple[str, str]]:
    """Read `a as b, c` after the word import."""
    listed = _NAMES.match(source, start)
    if listed is None:
        return []
    text = listed["many"] or listed["few"] or b""
    if b"#" in text or b"\\" in text:
        text = _COMMENT.sub(b"", text).replace(b"\\", b" ")
    parts = (_AS.match(part.strip()) for part in text.split(b","))
    return [(part[1].decode("utf-8", "replace"), (part[2] or b"").decode("utf-8", "replace")) for part in parts if part]


def blocks_of(source: bytes) -> list[Block]:
    """Cut a file at its outermost definitions and statements; decorators belong to what they decorate."""
    code = code_of(source)
    blocks: list[Block] = []
    start: int | None = None
    starts = list(_OUTER.finditer(code))
    ends = [found.start() for found in starts[1:]] + [len(code)]
    for found, end in zip(starts, ends, strict=True):
        start = found.start() if start is None else start
        if not found[0].startswith(b"@"):
            name, stretch = found["name"].decode("utf-8", "replace"), code[start:end]
            names = _inner_names(stretch) if name in _KEYWORDS else [name]
            call = "" if found["call"] is None or name in _KEYWORDS else "." if found["dot"] else "("
            blocks += [Block(one, stretch, call) for one in names]
            start = None
    return blocks


def _inner_names(code: bytes) -> list[str]:
    """Return what an outermost `if`, `try`, `with` or `for` defines."""
    found = [match["name"] or match["variable"] for match in _INNER.finditer(code)]
    return [name for name in dict.fromkeys(one.decode("utf-8", "replace") for one in found) if name not in _KEYWORDS]


def decorators_of(code: bytes) -> set[tuple[str, bool]]:
    """Return the first names of the decorators with which a block begins, and whether an attribute of it decorates."""
    return {(found[1].decode("utf-8", "replace"), found[2] == b".") for found in _DECORATOR.finditer(code)}


def keepers_of(used: Collection[tuple[str, bool]], blocks: Iterable[Block]) -> set[str]:
    """Return what decorators or outermost calls may keep an entry in: a registry leads where its entries lead.

    `@decompose.register(Tensor)` and `KINDS.update(...)` add to `decompose` and `KINDS` themselves, `@register` and
    `register(...)` to what `register` assigns, indexes or calls a method of.
    """
    through = {name for name, of_attribute in used if of_attribute}
    for block in blocks:
        if not block.call and (block.name, False) in used:
            through |= {found[1].decode("utf-8", "replace") for found in _KEPT.finditer(block.code)} - {block.name}
    return through


def code_of(source: bytes, *, imports: bool = True) -> bytes:
    """Leave out strings and comments, and, if wished, imports."""
    code = _TEXT.sub(b"", source)
    return code if imports else _STATEMENT.sub(b"", code)


def mentions_of(code: bytes) -> set[str]:
    """Collect the dotted names that occur in code, each with all that it begins with."""
    names: set[str] = set()
    for found in set(_DOTTED.findall(code)):
        dotted = found.decode("utf-8", "replace")
        while dotted and dotted not in names:
            names.add(dotted)
            dotted, _, _ = dotted.rpartition(".")
    return names
