"""Rules for operations whose axes are named in a pattern: split, reduced, laid in another order, repeated, merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod

from eiglint.gauge import patterns, products, reduction, shape
from eiglint.gauge.arguments import Arguments, NoRuleError, Options, listed, need
from eiglint.gauge.context import Context
from eiglint.gauge.join import put_together
from eiglint.gauge.patterns import DOTS, Group
from eiglint.gauge.read_axes import read_reshape
from eiglint.gauge.read_more import read_unflatten
from eiglint.gauge.tensor import Tensor, as_tensor
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number

REDUCTIONS = ("sum", "mean", "max", "min", "prod")


def read_pattern_product(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return an einsum whose axes are words, and whose equation comes last."""
    given = a.get("operands")
    equation = patterns.equation(given[-1]) if isinstance(given, tuple) and given else None
    if equation is None or not isinstance(given, tuple):
        raise NoRuleError("pattern")
    return products.einsum(equation, listed({"operands": given[:-1]}, "operands"), c)


def read_pattern(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a tensor whose axes a pattern takes apart and puts together anew."""
    t, (left, right) = _named(_input(a, c), patterns.sides(a.get("pattern")))
    lengths: dict[str, object] = {k: v for k, v in a.items() if k not in ("input", "pattern", "reduction")}
    lengths.update((n, patterns.length(n)) for side in (left, right) for g in side for n in g if "#" in n)
    t, names = _split(t, left, lengths, c, name)
    wanted = [n for group in right for n in group]
    how = o.get("how")
    gone = [n for n in names if n not in wanted]
    fresh = [n for n in wanted if n not in names]
    if (gone and how != "reduce") or (fresh and how != "repeat"):
        raise NoRuleError("pattern")
    if gone:
        t, names = _reduced(t, names, gone, a.get("reduction"), c)
    t = _ordered(t, names, [n for n in wanted if n in names], c)
    t = _repeated(t, wanted, fresh, lengths)
    return _merged(t, right, c, name)


def _input(a: Arguments, c: Context) -> Tensor:
    """Return the tensor that the pattern is about; several in a list are one, stacked in front."""
    value = a.get("input")
    if as_tensor(value) is None and isinstance(value, tuple):
        tensors = listed(a, "input")
        axis, guess = shape.axis_of(tensors[0], 0, 1)
        return put_together([shape.doubted(t, guess) for t in tensors], axis, True, c, "stack")
    return need(a, "input")


Sides = tuple[tuple[Group, ...], tuple[Group, ...]]


def _named(t: Tensor, sides: Sides | None) -> tuple[Tensor, Sides]:
    """Return the tensor with the rank that the pattern tells, and the pattern without dots."""
    if sides is None:
        raise NoRuleError("pattern")
    dotted = (DOTS,) in sides[0]
    named = len(sides[0]) - dotted
    total = t.rank if dotted else named
    if total is None or total < named or t.rank not in (None, total):
        raise NoRuleError("pattern")
    left, right = (patterns.spelled_out(side, named, total) for side in sides)
    return replace(t, rank=total), (left, right)


def _split(
    t: Tensor, left: Sequence[Group], lengths: Mapping[str, object], c: Context, name: str
) -> tuple[Tensor, list[str]]:
    """Take the axes apart that consist of several, from the last to the first, and drop those of size one."""
    for i in range(len(left) - 1, -1, -1):
        group, axis = left[i], -1 - sum(map(len, left[i + 1 :]))
        if not group:
            t = shape.removed(t, axis, term("squeeze", t.term, axis))
        elif len(group) > 1:
            sizes = _lengths(t.size(axis), [_length(lengths.get(n)) for n in group])
            rank = t.rank
            made = read_unflatten({}, {"input": t, "dim": axis, "shape": tuple(sizes)}, c, name)
            assert isinstance(made, Tensor)
            t = _sized(replace(made, rank=None if rank is None else rank + len(group) - 1), axis, sizes)
    return t, [n for group in left for n in group]


def _lengths(whole: object, parts: list[int | Number]) -> list[int | Number]:
    """Return the lengths of the parts of an axis; the one that is not given follows from that of the whole."""
    if parts.count(-1) > 1:
        raise NoRuleError("pattern")
    given = [n for n in parts if isinstance(n, int) and n > 0]
    if isinstance(whole, int) and len(given) == len(parts) - 1 and -1 in parts:
        parts[parts.index(-1)] = whole // prod(given)
    return parts


def _length(value: object) -> int | Number:
    return value if isinstance(value, int | Number) and not isinstance(value, bool) else -1


def _sized(t: Tensor, last: int, sizes: Sequence[int | Number]) -> Tensor:
    """Return a tensor of which the lengths of the axes up to `last` are known where the program says them."""
    known = dict(t.sizes)
    for axis, size in zip(range(last - len(sizes) + 1, last + 1), sizes, strict=True):
        if isinstance(size, int) and size > 0:
            known.setdefault(axis, size)
    return replace(t, sizes=tuple(sorted(known.items(), key=lambda s: s[0])))


def _reduced(t: Tensor, names: Sequence[str], gone: Sequence[str], how: object, c: Context) -> tuple[Tensor, list[str]]:
    if how not in REDUCTIONS:
        raise NoRuleError("reduction")
    axes = tuple(names.index(n) - len(names) for n in gone)
    return reduction.reduce(t, axes, False, str(how), c), [n for n in names if n not in gone]


def _ordered(t: Tensor, names: Sequence[str], wanted: Sequence[str], c: Context) -> Tensor:
    """Return the axes in the wanted order; that of the last two alone is a transpose."""
    order = [names.index(n) for n in wanted]
    plain = list(range(len(names)))
    if order == plain:
        return t
    if order == [*plain[:-2], *plain[:-3:-1]]:
        return shape.transpose(t, c, -2, -1)
    return shape.permute(t, order, c)


def _repeated(t: Tensor, wanted: Sequence[str], fresh: Sequence[str], lengths: Mapping[str, object]) -> Tensor:
    """Insert the new axes and broadcast along them."""
    for i in range(len(wanted) - 1, -1, -1):
        if wanted[i] in fresh:
            t = shape.inserted(t, i - len(wanted))
    if not fresh:
        return t
    sizes = [_length(lengths.get(n)) if n in fresh else -1 for n in wanted]
    longer = shape.expand(t, sizes)
    unknown = {i - len(wanted) for i, n in enumerate(wanted) if n in fresh and sizes[i] == -1}
    return replace(longer, sizes=tuple(s for s in longer.sizes if s[0] not in unknown))


def _merged(t: Tensor, right: Sequence[Group], c: Context, name: str) -> Tensor:
    """Merge the axes that stand in one pair of brackets, from the last to the first, and insert those of size one."""
    for i in range(len(right) - 1, -1, -1):
        group, axis = right[i], i - len(right)
        if not group:
            t = shape.inserted(t, axis)
        elif len(group) > 1:
            start = sum(len(g) for g in right[:i])
            ends = {"start_dim": start, "end_dim": start + len(group) - 1}
            rank = None if t.rank is None else t.rank - len(group) + 1
            made = read_reshape({"how": "flatten"}, {"input": t, **ends}, c, name)
            assert isinstance(made, Tensor)
            t = replace(made, rank=rank)
    return t
