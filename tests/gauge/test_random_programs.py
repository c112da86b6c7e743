"""Random programs of modelled operations move as the algebra says, one step after the other."""

from __future__ import annotations

import random
import warnings
from typing import NamedTuple

import pytest
import torch

from eiglint import gauge
from eiglint.gauge import Gauge, Record, Tensor
from eiglint.gauge.values import Range
from eiglint.models import load
from tests.gauge.specimens import Drawing, context, drawings, identity, prediction, same, specimens

MODELS = load()
CALLS = ("torch.linalg.eigh", "complex eigh", "torch.linalg.eig")


class Value(NamedTuple):
    """A value of a random program: what the algebra says of it, its numbers under every drawing, how it was made."""

    abstract: Tensor
    numbers: list[torch.Tensor]
    text: str


ONE = [
    ("torch.abs", ()),
    ("torch.conj", ()),
    ("torch.real", ()),
    ("torch.exp", ()),
    ("torch.tanh", ()),
    ("torch.neg", ()),
    ("torch.square", ()),
    ("torch.sgn", ()),
    ("torch.Tensor.mT", ()),
    ("torch.Tensor.mH", ()),
    ("torch.linalg.inv", ()),
    ("torch.diagonal", ()),
    ("torch.diag_embed", ()),
    ("torch.diag", ()),
    ("torch.trace", ()),
    ("torch.linalg.det", ()),
    ("torch.matrix_exp", ()),
    ("torch.sum", (0,)),
    ("torch.sum", (-1,)),
    ("torch.sum", ()),
    ("torch.mean", (0,)),
    ("torch.prod", (-1,)),
    ("torch.amax", (0,)),
    ("torch.cumsum", (0,)),
    ("torch.cumsum", (-1,)),
    ("torch.softmax", (0,)),
    ("torch.softmax", (-1,)),
    ("torch.unsqueeze", (0,)),
    ("torch.unsqueeze", (-1,)),
    ("torch.unsqueeze", (1,)),
    ("torch.flip", ((0,),)),
    ("torch.flip", ((-1,),)),
    ("torch.triu", ()),
    ("torch.linalg.vector_norm", ()),
    ("torch.linalg.norm", ()),
    ("torch.std", (0,)),
    ("torch.flatten", ()),
    ("torch.select", (0, 1)),
    ("torch.select", (-1, 2)),
    ("torch.narrow", (0, 0, 2)),
    ("torch.narrow", (-1, 1, 2)),
    ("torch.roll", (1, 0)),
    ("torch.nn.functional.normalize", ()),
    ("torch.angle", ()),
    ("torch.reciprocal", ()),
    ("torch.sign", ()),
    ("torch.relu", ()),
    ("torch.linalg.matrix_power", (2,)),
    ("torch.squeeze", (0,)),
    ("torch.tril", ()),
    ("torch.argmax", (0,)),
    ("torch.argsort", (-1,)),
    ("torch.transpose", (0, 1)),
    ("torch.logsumexp", (0,)),
]
TWO = [
    "operator.add",
    "operator.sub",
    "operator.mul",
    "operator.truediv",
    "operator.matmul",
    "torch.maximum",
    "torch.cat",
    "torch.stack",
    "torch.outer",
    "torch.linalg.solve",
    "torch.kron",
    "torch.dot",
    "operator.lt",
    "torch.atan2",
    "torch.linalg.vecdot",
    "torch.addcmul",
    "torch.gather",
    "subscript",
]


def grow(seed: int) -> tuple[Gauge, list[Value], list[Drawing]]:
    """Return the values of a random program in the order in which they are computed."""
    rng = random.Random(seed)
    g, made = specimens(rng.choice(CALLS))
    complex_ = g.group == "U1"
    drawn = [identity(complex_), *drawings(complex_, g.ordered)]
    pool = [Value(s.abstract, [s.numbers(d) for d in drawn], s.name) for s in made[:7]]
    pool += [_foreign(shape, seed, complex_, len(drawn)) for shape in ((4,), (4, 4), ())]
    start = len(pool)
    for _ in range(200):
        value = _step(pool, rng)
        if value is not None:
            pool.append(value)
        if len(pool) == start + 8:
            break
    return g, pool[start:], drawn


def _foreign(shape: tuple[int, ...], seed: int, complex_: bool, copies: int) -> Value:
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.rand(shape, generator=generator, dtype=torch.float64) + 0.3
    sizes = tuple((i - len(shape), n) for i, n in enumerate(shape))
    del complex_
    label = gauge.tensor(_term("foreign", shape, seed), rank=len(shape), dtype="real", sizes=sizes)
    return Value(label, [numbers] * copies, f"foreign{shape}")


def _term(*parts: object):  # type: ignore[no-untyped-def]
    from eiglint.gauge.terms import term

    return term("test", *parts)


def _step(pool: list[Value], rng: random.Random) -> Value | None:
    if rng.random() < 0.55:
        name, rest = rng.choice(ONE)
        x = rng.choice(pool[-6:] if rng.random() < 0.7 else pool)
        return _applied(name, [x], list(rest))
    name = rng.choice(TWO)
    x, y = rng.choice(pool[-6:]), rng.choice(pool)
    if rng.random() < 0.5:
        x, y = y, x
    return _applied(name, [x, y], [])


def _applied(name: str, operands: list[Value], rest: list[object]) -> Value | None:
    results = []
    for k in range(len(operands[0].numbers)):
        result = _execute(name, [v.numbers[k] for v in operands], rest)
        if result is None:
            return None
        results.append(result)
    base = results[0]
    if (
        not torch.isfinite(base.to(torch.complex128)).all()
        or base.numel() > 300
        or base.to(torch.complex128).abs().max() > 1e6
    ):
        return None
    said = _judge(name, [v.abstract for v in operands], rest)
    if not isinstance(said, Tensor):
        return None
    inner = ", ".join([*(v.text for v in operands), *map(str, rest)])
    return Value(said, results, f"{name.rpartition('.')[2]}({inner})")


def _execute(name: str, tensors: list[torch.Tensor], rest: list[object]) -> torch.Tensor | None:
    import operator

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if name == "torch.squeeze" and (tensors[0].dim() == 0 or tensors[0].shape[0] != 1):
                return None
            if name == "subscript":
                return tensors[0][:, tensors[1]] if tensors[1].dtype in (torch.bool, torch.int64) else None
            if name in ("torch.cat", "torch.stack"):
                return getattr(torch, name[6:])(tuple(tensors), -1)
            if name == "torch.addcmul":
                return torch.addcmul(tensors[0], tensors[1], tensors[1])
            if name == "torch.gather":
                return torch.gather(tensors[0], 0, tensors[1])
            if name.startswith("operator."):
                return getattr(operator, name[9:])(*tensors)
            if name.startswith("torch.Tensor."):
                return getattr(tensors[0], name[13:])
            function = torch
            for part in name.split(".")[1:]:
                function = getattr(function, part)
            return function(*tensors, *rest)  # type: ignore[operator]
    except (RuntimeError, TypeError, ValueError, IndexError):
        return None


def _judge(name: str, tensors: list[Tensor], rest: list[object]) -> object:
    if name == "subscript":
        return gauge.subscript(tensors[0], (Range(), tensors[1]), context())
    model = MODELS.get(name)
    assert model is not None, name
    given: list[object] = [*tensors, *rest]
    if name in ("torch.cat", "torch.stack"):
        given = [tuple(tensors), -1]
    elif name == "torch.addcmul":
        given = [tensors[0], tensors[1], tensors[1]]
    elif name == "torch.gather":
        given = [tensors[0], 0, tensors[1]]
    bound = MODELS.bind(model, given, {})
    assert bound is not None, name
    options = {**model.options, **({"fields": model.fields} if model.fields else {})}
    made = gauge.apply(model.kind, options, bound, context(), name)
    return made.values[0] if isinstance(made, Record) else made


def first_fault(seed: int) -> str:
    """Return the first value of a program that moves otherwise than the algebra says."""
    g, values, drawn = grow(seed)
    for value in values:
        before = value.numbers[0]
        if value.abstract.doubt:
            return ""  # a rank was assumed, so what follows is no promise
        if value.abstract.rank is not None and value.abstract.rank != before.dim():
            return f"{seed}: {value.text}: rank {before.dim()}, said {value.abstract.rank}"
        for drawing, after in zip(drawn[1:], value.numbers[1:], strict=True):
            try:
                promised = prediction(value.abstract, g, before, drawing)
            except (IndexError, RuntimeError) as e:
                return f"{seed}: {value.text}: the claim does not fit: {e}"
            if promised is not None and not same(after, promised):
                m = value.abstract.motion(g)
                return f"{seed}: {value.text} of {g.call} {g.group}: said {m.phase} {m.order}"
    return ""


@pytest.mark.parametrize("block", range(4))
def test_no_random_program_keeps_less_than_the_algebra_promises(block: int) -> None:
    found = [fault for seed in range(block * 25, block * 25 + 25) if (fault := first_fault(seed))]
    assert not found, "\n".join(found)
