"""Break a program in one place: the slips that people make with eigenvectors, as a table of small rewritings of text.

A rewriting offers, for one expression, the texts that may stand in its place. It is offered every expression on the
way of a decomposition's results within the function that calls it; whether a slip harms is for execution to say.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Mutation(NamedTuple):
    """One slip: which, on which line, the text before and after, and the whole program with it."""

    operator: str
    line: int
    before: str
    after: str
    source: str


class Way(NamedTuple):
    """Where the results of a decomposition go: its function, its call, the names that hold them or come of them."""

    function: Function
    call: ast.Call
    names: frozenset[str]
    own: tuple[str, ...]
    """The names that the call's own results are unpacked into, in their order."""


Offers = Callable[[ast.expr, "Program", Way], Iterator[str]]


class Operator(NamedTuple):
    """A named rewriting; `offers` gives the texts that may replace an expression."""

    name: str
    offers: Offers


class Program:
    """A text with its tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self.starts = [0]
        for line in text.encode().splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Give the bytes from which to which an expression stands."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[node.end_lineno - 1] + node.end_col_offset

    def read(self, node: ast.expr) -> str:
        """Give an expression's text, in brackets unless it is of one piece."""
        start, end = self.span(node)
        text = self.text.encode()[start:end].decode()
        plain = isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.Constant)
        return text if plain else f"({text})"

    def replaced(self, node: ast.expr, text: str) -> str:
        """Give the whole text with another expression in place of one; no line moves."""
        start, end = self.span(node)
        whole = self.text.encode()
        lines = whole[start:end].count(b"\n") - text.count("\n")
        if lines:
            text = "(" + text + "\n" * lines + ")"
        return (whole[:start] + text.encode() + whole[end:]).decode()


def callee(node: ast.expr) -> str:
    """Name what is called, by its last word."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def operand(node: ast.Call) -> ast.expr | None:
    """Give what `x.f()` or `library.f(x)` is applied to."""
    if isinstance(node.func, ast.Attribute) and not is_library(node.func.value):
        return node.func.value
    return node.args[0] if node.args else None


LIBRARIES = frozenset({"torch", "_torch", "linalg", "F", "functional", "nn", "np", "jnp", "special", "math"})


def is_library(node: ast.expr) -> bool:
    """Tell whether `torch` or `torch.linalg` stands before the dot, and no tensor."""
    return (isinstance(node, ast.Attribute) and node.attr in LIBRARIES) or (
        isinstance(node, ast.Name) and node.id in LIBRARIES
    )


def without(*names: str) -> Offers:
    """Leave out a function or an attribute: `x.conj()` and `torch.conj(x)` become `x`."""

    def offers(node: ast.expr, program: Program, way: Way) -> Iterator[str]:
        if isinstance(node, ast.Call) and callee(node) in names and (inner := operand(node)) is not None:
            yield program.read(inner)
        if isinstance(node, ast.Attribute) and node.attr in names and not is_library(node.value):
            yield program.read(node.value)

    return offers


def renamed(**names: str) -> Offers:
    """Write another attribute or method: `x.mH` becomes `x.mT`."""

    def offers(node: ast.expr, program: Program, way: Way) -> Iterator[str]:
        named = node.func if isinstance(node, ast.Call) else node
        if isinstance(named, ast.Attribute) and named.attr in names:
            start, end = program.span(node)
            last = program.span(named)[1]
            whole = program.text.encode()
            yield whole[start:last].decode().removesuffix(named.attr) + names[named.attr] + whole[last:end].decode()

    return offers


def adjoint(node: ast.expr, program: Program, way: Way) -> Iterator[str]:
    """Write the adjoint for a transpose: `x.mT` and `x.transpose(-1, -2)` become `x.mH`."""
    for text in without("mT", "T", "t", "transpose", "swapaxes", "permute")(node, program, way):
        yield f"{text}.mH"


def unsorted(node: ast.expr, program: Program, way: Way) -> Iterator[str]:
    """Leave out a sort with the part that is taken of it: `x.sort().values` and `torch.sort(x)[0]` become `x`."""
    part = isinstance(node, ast.Attribute) and node.attr == "values"
    part = part or (isinstance(node, ast.Subscript) and number(node.slice) == 0)
    if part and isinstance(node, ast.Attribute | ast.Subscript):
        yield from without("sort", "topk")(node.value, program, way)


def unindexed(node: ast.expr, program: Program, way: Way) -> Iterator[str]:
    """Leave out an index that was computed: `V[:, order]` becomes `V`."""
    yield from without("gather", "index_select", "take_along_dim")(node, program, way)
    if isinstance(node, ast.Subscript) and any(isinstance(one, ast.Name | ast.Call) for one in indices(node)):
        yield program.read(node.value)


def indices(node: ast.Subscript) -> list[ast.expr]:
    """List the parts between the brackets."""
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


PRODUCTS = frozenset({"matmul", "mm", "bmm", "mul", "dot", "mv"})


def one_factor(node: ast.expr, program: Program, way: Way) -> Iterator[str]:
    """Leave out one factor of a product: `V.mH @ x` becomes `x`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult | ast.Mult):
        yield program.read(node.left)
        yield program.read(node.right)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        yield program.read(node.left)
    elif isinstance(node, ast.Call) and callee(node) in PRODUCTS and (left := operand(node)) and node.args:
        yield program.read(left)
        yield program.read(node.args[-1])


def shifted(node: ast.expr, program: Program, way: Way) -> Iterator[str]:
    """Move one end of a slice by one: `V[:, :k]` becomes `V[:, 1:k + 1]`."""
    if not isinstance(node, ast.Subscript):
        return
    parts = indices(node)
    whole = program.read(node.value)
    for position, part in enumerate(parts):
        if not isinstance(part, ast.Slice) or part.step is not None or (part.lower is None and part.upper is None):
            continue
        low = program.read(part.lower) if part.lower else "0"
        high = f"{program.read(part.upper)} + 1" if part.upper else ""
        texts = [ast.unparse(other) for other in parts]
        texts[position] = f"{low} + 1:{high}" if part.lower is None or part.upper else f"{low} - 1:-1"
        yield f"{whole}[{', '.join(texts)}]"


def other_axis(node: ast.expr, program: Program, way: Way) -> Iterator[str]:
    """Take the other of the last two axes: `x.sum(-1)` becomes `x.sum(-2)`."""
    swap = {-1: "-2", -2: "-1"}
    if isinstance(node, ast.Call) and len(axes := [one for one in arguments(node) if number(one) in swap]) == 1:
        start, end = program.span(node)
        first, last = program.span(axes[0])
        text = program.text.encode()
        yield (text[start:first] + swap[number(axes[0]) or 0].encode() + text[last:end]).decode()
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        texts = [ast.unparse(one) for one in node.slice.elts]
        turned = {("None", ":"): ["None"], ("...", "None"): ["...", "None", ":"]}
        if tuple(texts[-2:]) in turned:
            yield f"{program.read(node.value)}[{', '.join(texts[:-2] + turned[texts[-2], texts[-1]])}]"


def arguments(node: ast.Call) -> list[ast.expr]:
    """List the arguments of a call, those by keyword too."""
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def number(node: ast.expr) -> int | None:
    """Read an integer."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if type(value) is int else None


def letters(node: ast.expr, program: Program, way: Way) -> Iterator[str]:
    """Swap the two letters of an operand of einsum: `"ij,jk"` becomes `"ij,kj"`."""
    if callee(node) != "einsum" or not isinstance(node, ast.Call) or not isinstance(node.args[0], ast.Constant):
        return
    pattern = str(node.args[0].value)
    start, end = program.span(node)
    first, last = program.span(node.args[0])
    text = program.text.encode()
    inputs, arrow, result = pattern.partition("->")
    terms = inputs.split(",")
    for position, term in enumerate(terms):
        if len(word := term.strip(" .")) >= 2:
            turned = term.replace(word[-2:], word[:-3:-1])
            changed = ",".join([*terms[:position], turned, *terms[position + 1 :]]) + arrow + result
            yield (text[start:first] + repr(changed).encode() + text[last:end]).decode()


def laid(template: str) -> Offers:
    """Put something around one use of the results: `V` becomes `V.relu()`; around a call that is used in place too."""

    def offers(node: ast.expr, program: Program, way: Way) -> Iterator[str]:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in way.own:
            yield template.format(node.id)
        if node is way.call:
            yield template.format(program.read(node))

    return offers


def decomposed_again(node: ast.expr, program: Program, way: Way) -> Iterator[str]:
    """Take one use of a factor from another call on the same matrix, doubled."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in way.own and len(way.own) > 1:
        matrix = operand(way.call)
        if matrix is not None and matrix in way.call.args:
            start, end = program.span(way.call)
            first, last = program.span(matrix)
            text = program.text.encode()
            doubled = (text[start:first] + b"2 * " + program.read(matrix).encode() + text[last:end]).decode()
            if "\n" not in doubled:
                yield f"{doubled}[{way.own.index(node.id)}]"


OPERATORS = (
    Operator("drop the conjugate", without("conj", "conj_physical", "conjugate")),
    Operator("transpose for adjoint", renamed(mH="mT", H="T", adjoint="t")),
    Operator("adjoint for transpose", adjoint),
    Operator("drop the transpose", without("mT", "mH", "T", "H", "t", "transpose", "adjoint", "permute", "swapaxes")),
    Operator("drop the absolute value", without("abs", "absolute")),
    Operator("drop the square", without("pow", "square")),
    Operator("drop the inverse", without("inv", "inverse", "pinv")),
    Operator("drop the sign", without("sign", "sgn", "det")),
    Operator("drop the sort", unsorted),
    Operator("index the unsorted", unindexed),
    Operator("drop the flip", without("flip")),
    Operator("sum for norm", renamed(norm="sum")),
    Operator("drop a factor", one_factor),
    Operator("shift a slice", shifted),
    Operator("the other axis", other_axis),
    Operator("swap einsum's letters", letters),
    Operator("decompose again", decomposed_again),
    Operator("transpose one use", laid("{}.mT")),
    Operator("reverse one use", laid("{}.flip(-1)")),
    Operator("roll one use", laid("{}.roll(1, -1)")),
    Operator("rectify one use", laid("{}.relu()")),
    Operator("offset one use", laid("({} + 0.1)")),
    Operator("absolute value of one use", laid("{}.abs()")),
    Operator("first of one use", laid("{}[..., :1]")),
    Operator("running sum of one use", laid("{}.cumsum(-1)")),
    Operator("real part of one use", laid("{}.real")),
)


def ways(program: Program, line: int, column: int) -> list[Way]:
    """Find the call at a place (both count from 1), and where its results go within its function.

    Where a function returns just the call, its own calls in the file are followed in the same way.
    """
    place = (line, column - 1)
    around = [node for node in ast.walk(program.tree) if isinstance(node, ast.Call) and holds(node, place)]
    pending = around[-1:]
    found: list[Way] = []
    for call in pending:
        one = way(program, call)
        if one is None:
            continue
        found.append(one)
        if any(isinstance(node, ast.Return) and node.value is call for node in ast.walk(one.function)):
            calls = (node for node in ast.walk(program.tree) if isinstance(node, ast.Call) and node not in pending)
            pending += [node for node in calls if callee(node) == one.function.name]
    return found


def way(program: Program, call: ast.Call) -> Way | None:
    """Follow the results of a call through the names of the innermost function around it."""
    place = (call.lineno, call.col_offset)
    around = [node for node in ast.walk(program.tree) if isinstance(node, Function) and holds(node, place)]
    if not around:
        return None
    function = around[-1]
    names: set[str] = set()
    own: tuple[str, ...] = ()
    while True:
        known = len(names)
        for node in ast.walk(function):
            value, targets = bound(node)
            if value is not None and touches(value, call, names):
                held = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
                own = tuple(held) if value is call else own
                names.update(held)
        if len(names) == known:
            return Way(function, call, frozenset(names), own)


def holds(node: ast.expr | ast.stmt, place: tuple[int, int]) -> bool:
    """Tell whether a node's text holds a place."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (node.lineno, node.col_offset) <= place < (node.end_lineno, node.end_col_offset)


def bound(node: ast.AST) -> tuple[ast.expr | None, Sequence[ast.expr]]:
    """Give what a statement binds, and to which targets."""
    match node:
        case ast.Assign(targets=targets, value=value):
            return value, targets
        case ast.AnnAssign(target=target, value=value) | ast.AugAssign(target=target, value=value):
            return value, [target]
        case ast.NamedExpr(target=target, value=value) | ast.For(target=target, iter=value):
            return value, [target]
        case ast.comprehension(target=target, iter=value):
            return value, [target]
    return None, []


def touches(value: ast.AST, call: ast.Call, names: Collection[str]) -> bool:
    """Tell whether an expression holds the call or one of the names."""
    return any(node is call or (isinstance(node, ast.Name) and node.id in names) for node in ast.walk(value))


def mutations(program: Program, line: int, column: int) -> Iterator[Mutation]:
    """Break a program in every place on the way of a decomposition's results; each text comes once."""
    given = {program.text}
    for found in ways(program, line, column):
        for node in on_the_way(program, found):
            for operator in OPERATORS:
                for text in operator.offers(node, program, found):
                    source = program.replaced(node, text)
                    if source not in given and readable(source):
                        given.add(source)
                        yield Mutation(operator.name, node.lineno, program.read(node), text, source)


def on_the_way(program: Program, found: Way) -> list[ast.expr]:
    """List the expressions that are computed of a decomposition's results, in the order of the text."""
    left_out = {id(node) for argument in arguments(found.call) for node in ast.walk(argument)}
    left_out |= {id(node.func) for node in ast.walk(found.function) if isinstance(node, ast.Call)}
    if found.own:
        left_out.add(id(found.call))
    return [
        node
        for node in sorted(expressions(found.function), key=program.span)
        if id(node) not in left_out and loaded(node) and touches(node, found.call, found.names)
    ]


def expressions(function: ast.AST) -> Iterator[ast.expr]:
    """List the expressions in a function's text."""
    return (node for node in ast.walk(function) if isinstance(node, ast.expr))


def loaded(node: ast.expr) -> bool:
    """Tell whether an expression is read, and not assigned to."""
    return isinstance(getattr(node, "ctx", ast.Load()), ast.Load)


def readable(source: str) -> bool:
    """Tell whether a text is Python."""
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True
