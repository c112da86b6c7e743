"""The guard before the parser: refuse files that would kill the process or take minutes.

LibCST builds nested nodes by recursion in C: some 7,000 chained terms, calls or `elif`s overflow the stack, which no
`try` survives, and long chains cost quadratic time. The guard must itself be cheap, so it works in two steps: bounds
counted at C speed on stretches between statements, and tokens only where a bound is exceeded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_BYTES = 2_000_000
MAX_LINES = 30_000
MAX_RUN = 1_000
MAX_DEPTH = 100
MAX_PATTERN_DEPTH = 12

# These words open a statement and never stand at the start of a continued line, so no expression reaches across them.
_STATEMENT = re.compile(
    rb"\n[ \t]*(?:return|def|class|import|raise|assert|with|while|try|except|finally|pass|break|continue|del)\b"
)
_CASE = re.compile(rb"\n[ \t]*case\b(?:[^:\n]|:(?![ \t]*(?:#[^\n]*)?\r?\n)|\n[ \t]*(?!case\b))*")
_OPERATORS = b"+-*/%@&|^~<>=!.([{?"
_BRACKETS = b"([{)]}"
_NOT_OPERATORS = bytes(set(range(256)) - set(_OPERATORS))
_NOT_BRACKETS = bytes(set(range(256)) - set(_BRACKETS))
_WORD_OPERATORS = (b"and", b"or", b"not", b"if", b"else", b"lambda", b"await", b"in", b"is", b'"', b"'")

_TOKEN = re.compile(
    rb"""
    (?P<text>[rRbBuUfFtT]{0,3}(?:
        \"\"\"[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*\"\"\"
      | '''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''
      | "[^"\\\n]*(?:\\.[^"\\\n]*)*"
      | '[^'\\\n]*(?:\\.[^'\\\n]*)*'))
  | (?P<skip>\#[^\n]*|\\\r?\n|[ \t\r\f]+)
  | (?P<newline>\n)
  | (?P<open>[(\[{])
  | (?P<close>[)\]}])
  | (?P<prefix>(?:and|or|not|if|else|elif|lambda|await|in|is|for|return|yield|assert|del|while|with|case)
      (?![\w\x80-\xff]))
  | (?P<operand>[\w\x80-\xff]+(?:(?<=[0-9_])\.[\w]*)?)
  | (?P<dot>\.(?!\.))
  | (?P<separator>[,;:]|(?<![=!<>])=(?!=))
  | (?P<operator>[-+*/%@&|^~<>=!]=?|\*\*|//|<<|>>)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COUNTED_WORDS = {b"and", b"or", b"not", b"if", b"else", b"lambda", b"await", b"in", b"is"}


def refuse(source: bytes) -> str | None:
    """Return why the source must not be handed to the parser, or None where it may."""
    if len(source) > MAX_BYTES:
        return f"larger than {MAX_BYTES // 1_000_000} MB"
    if source.count(b"\n") > MAX_LINES:
        return f"longer than {MAX_LINES:,} lines"
    if source.count(b"elif") > MAX_RUN and _longest_ladder(source) > MAX_RUN:
        return f"an if statement with more than {MAX_RUN:,} branches"
    if b"case" in source and any(_depth(found[0]) > MAX_PATTERN_DEPTH for found in _CASE.finditer(source)):
        return f"a case pattern nested deeper than {MAX_PATTERN_DEPTH} levels"
    for chunk in _chunks(source):
        if len(chunk) > MAX_DEPTH and (reason := _refuse_chunk(chunk)):
            return reason
    return None


def _chunks(source: bytes) -> Iterator[bytes]:
    """Cut the source at lines that surely begin a statement."""
    start = 0
    for found in _STATEMENT.finditer(source):
        yield source[start : found.start()]
        start = found.start()
    yield source[start:]


def _refuse_chunk(chunk: bytes) -> str | None:
    """Judge one stretch: by its bounds, then by its tokens where the bounds do not settle it."""
    deep = _depth(chunk) > MAX_DEPTH
    if not deep and (len(chunk) < MAX_RUN or _most_operators(chunk) <= MAX_RUN):
        return None
    longest, depth = _measure(chunk)
    if longest > MAX_RUN:
        return f"an expression with a run of more than {MAX_RUN:,} operators or trailers"
    return f"brackets nested deeper than {MAX_DEPTH} levels" if depth > MAX_DEPTH else None


def _most_operators(chunk: bytes) -> int:
    """Return an upper bound of the operators and trailers in the stretch, strings and comments included."""
    return len(chunk.translate(None, _NOT_OPERATORS)) + sum(chunk.count(word) for word in _WORD_OPERATORS)


def _depth(chunk: bytes) -> int:
    """Return how deep brackets nest, those in strings and comments included."""
    depth = deepest = 0
    for byte in chunk.translate(None, _NOT_BRACKETS):
        if byte in b"([{":
            depth += 1
            deepest = max(deepest, depth)
        elif depth:
            depth -= 1
    return deepest


def _longest_ladder(source: bytes) -> int:
    """Count the most `elif`s of equal indentation with nothing of smaller or equal indentation between them."""
    ladders: dict[int, int] = {}
    longest = 0
    for line in source.splitlines():
        body = line.lstrip()
        if not body or body.startswith(b"#"):
            continue
        indent = len(line) - len(body)
        chained = body.startswith(b"elif")
        for deeper in [level for level in ladders if level > indent or (level == indent and not chained)]:
            del ladders[deeper]
        if chained:
            ladders[indent] = ladders.get(indent, 0) + 1
            longest = max(longest, ladders[indent])
    return longest


def _measure(chunk: bytes) -> tuple[int, int]:
    """Return the longest run of operators, or of trailers on one operand, and the depth of brackets, from tokens."""
    operators, trailers = [0], [0]
    longest = deepest = lambdas = 0
    after_operand = False
    for token in _TOKEN.finditer(chunk):
        match token.lastgroup:
            case "skip" | "other":
                continue
            case "newline":
                if len(operators) > 1:
                    continue
                operators[-1] = trailers[-1] = 0
                after_operand = False
            case "text":
                operators[-1] += after_operand  # two strings side by side are joined, one node each
                after_operand = True
            case "operand":
                after_operand = True
            case "dot":
                trailers[-1] += 1
                after_operand = False
            case "open":
                trailers[-1] += after_operand
                longest = max(longest, trailers[-1])
                operators.append(0)
                trailers.append(0)
                deepest = max(deepest, len(operators) - 1)
                after_operand = False
            case "close":
                if len(operators) > 1:
                    operators.pop()
                    trailers.pop()
                after_operand = True
            case "separator" if lambdas and token[0] == b":":
                lambdas -= 1
                after_operand = False
            case "separator":
                operators[-1] = trailers[-1] = 0
                after_operand = False
            case _:
                operators[-1] += token.lastgroup == "operator" or token[0] in _COUNTED_WORDS
                lambdas += token[0] == b"lambda"
                trailers[-1] = 0
                after_operand = False
        longest = max(longest, operators[-1], trailers[-1])
    return longest, deepest
