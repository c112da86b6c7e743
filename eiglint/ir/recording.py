"""One pass of LibCST's code generator that notes where chosen nodes stand in the source."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Container
from contextlib import AbstractContextManager, nullcontext
from itertools import accumulate
from typing import NamedTuple

import libcst as cst
from libcst._nodes.internal import CodegenState

from eiglint.ir.depth import deep

_NEWLINE = re.compile(r"\r\n?|\n")
_INK = re.compile(r"[^\s\\]")
_UNWANTED: AbstractContextManager[None] = nullcontext()


class Span(NamedTuple):
    """The tokens of a node: where it opens with all that leads up to it, where it starts itself, and where it ends."""

    opens: int
    starts: int
    ends: int


class _Recorder(CodegenState):
    """Note which tokens became of the wanted nodes, and where comments stand."""

    def __init__(self, tree: cst.Module, wanted: Container[int]) -> None:
        super().__init__(tree.default_indent, tree.default_newline)
        self.wanted = wanted
        self.opened: dict[int, int] = {}
        self.spans: dict[int, Span] = {}
        self.comments: list[int] = []

    def before_codegen(self, node: cst.CSTNode) -> None:
        if id(node) in self.wanted:
            self.opened[id(node)] = len(self.tokens)
        if type(node) is cst.Comment:
            self.comments.append(len(self.tokens))

    def after_codegen(self, node: cst.CSTNode) -> None:
        if id(node) in self.wanted:
            start = self.opened[id(node)]
            self.spans.setdefault(id(node), Span(start, start, len(self.tokens)))

    def record_syntactic_position(  # type: ignore[override]  # any context manager serves, a generator is slow
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> AbstractContextManager[None]:
        return _Inside(self, node) if id(node) in self.wanted else _UNWANTED


class _Inside(AbstractContextManager[None]):
    """While it is entered, a node is written without its parentheses, leading lines and trailing comma."""

    def __init__(self, recorder: _Recorder, node: cst.CSTNode) -> None:
        self.recorder = recorder
        self.node = node

    def __enter__(self) -> None:
        self.start = len(self.recorder.tokens)

    def __exit__(self, *failure: object) -> None:
        recorder, key = self.recorder, id(self.node)
        recorder.spans[key] = Span(recorder.opened[key], self.start, len(recorder.tokens))


class Record(NamedTuple):
    """A file as tokens: where each starts, which of them a node became, and where lines and comments start."""

    text: str
    tokens: list[str]
    offsets: list[int]
    lines: list[int]
    spans: dict[int, Span]
    comments: list[int]

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and column of an offset, both from 1."""
        line = bisect_right(self.lines, offset)
        return line, offset - self.lines[line - 1] + 1


def record(tree: cst.Module, source: bytes, wanted: Container[int]) -> Record:
    """Generate the file's text once and note what became of the nodes whose ids are wanted."""
    recorder = _Recorder(tree, wanted)
    with deep():
        tree._codegen(recorder)
    tokens = recorder.tokens
    text = source.decode(tree.encoding)
    offsets = _aligned("".join(tokens), text, list(accumulate(map(len, tokens), initial=0)))
    lines = [0, *[newline.end() for newline in _NEWLINE.finditer(text)]]
    return Record(text, tokens, offsets, lines, recorder.spans, recorder.comments)


def _aligned(generated: str, text: str, offsets: list[int]) -> list[int]:
    """Carry offsets into the generated text over to the source.

    LibCST gives back the text it was given, but for form feeds before a statement, lines that hold a backslash alone,
    and a last lone carriage return. All that is blank, so the n-th visible character of one is that of the other.
    """
    if generated == text:
        return offsets
    here = [ink.start() for ink in _INK.finditer(generated)]
    there = [ink.start() for ink in _INK.finditer(text)]
    there.append(len(text))
    last = len(there) - 1  # LibCST accepts `(*a) = b`, which is no Python, and gives it back with more parentheses
    return [there[min(bisect_left(here, offset), last)] for offset in offsets]
