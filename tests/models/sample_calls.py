"""A concrete way to call every modelled operation, for tests that apply the real one.

`sample(model)` gives arguments in which a `Slot` stands for each tensor; `filled` puts tensors in, `invoke` calls.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from importlib import import_module
from typing import NamedTuple

import torch

from eiglint.models import Model


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SURROUNDINGS = _words(
    """context root transform query sink store opaque module container parameter dtype constant create attention
    scaled"""
)
"""Kinds that are not applied to sample tensors; modules are sampled as instances."""


class Slot(NamedTuple):
    """A place for a tensor: the algebra's name of the argument, its shape, and what the numbers must be."""

    argument: str
    shape: tuple[int, ...]
    domain: str = "real"


class Sample(NamedTuple):
    """Arguments of a call, the receiver of a method first; tensors are slots."""

    positional: tuple[object, ...]
    keywords: Mapping[str, object]


def square(name: str, domain: str = "real") -> Slot:
    return Slot(name, (4, 4), domain)


def vector(name: str) -> Slot:
    return Slot(name, (4,))


TENSORS = _words("input other target left right A B x1 x2 real imag src mask condition end values weight")
"""Arguments of the algebra that take a tensor; a matrix, if nothing below says otherwise."""

ARGUMENTS: dict[str, object] = {
    "dim": -1,
    "index": Slot("index", (2,), "index"),
    "dim0": 0,
    "dim1": 1,
    "exponent": 2,
    "k": 2,
    "q": 0.25,
    "n": 2,
    "p": 2,
    "shape": (2, 8),
    "value": 0.5,
    "start": 1,
    "length": 2,
    "min": 0.25,
    "max": 0.75,
    "threshold": 0.25,
    "reduce": "sum",
    "upper": True,
    "weight": 0.25,
    "mask": square("mask", "mask"),
    "condition": square("condition", "mask"),
    "values": Slot("values", (1,)),
}
"""What the arguments are called with, by the call's own names."""

BY_KIND: dict[str, dict[str, object]] = {
    "atleast": {"tensors": (vector("input"),)},
    "broadcast": {"tensors": (square("input"), vector("other"))},
    "contract": {
        "input": vector("input"),
        "other": vector("other"),
        "tensor": vector("other"),
        "vec2": vector("other"),
    },
    "cross": {"input": Slot("input", (4, 3)), "other": Slot("other", (4, 3))},
    "dropout": {"p": 0.5, "training": False, "train": False},
    "einsum": {"equation": "ij,kj->ik", "operands": (square("input"), square("other"))},
    "expand": {"sizes": (2, 4, 4), "size": (2, 4, 4), "other": Slot("other", (2, 4, 4))},
    "fft": {"dim": -1},
    "flip": {"dims": (0,)},
    "gather": {"index": Slot("index", (4, 2), "index"), "indices": Slot("index", (4, 2), "index")},
    "glu": {"input": square("input")},
    "hsplit": {"indices_or_sections": 2},
    "index_add": {"source": Slot("src", (4, 2))},
    "index_copy": {"source": Slot("src", (4, 2)), "index": Slot("index", (2,), "distinct")},
    "index_fill": {"value": 0.5},
    "join": {"tensors": (square("input"), square("other"))},
    "lookup": {"input": Slot("index", (3,), "index"), "weight": square("input")},
    "movedim": {"source": 0, "destination": 1},
    "multi_dot": {"tensors": (square("input"), square("other")), "matrices": (square("input"), square("other"))},
    "pad": {"pad": (1, 1)},
    "permute": {"dims": (1, 0)},
    "repeat": {"repeats": (2, 1), "dims": (2, 1)},
    "repeat_interleave": {"repeats": 2},
    "requires": {"input": square("input")},
    "roll": {"shifts": 1, "dims": 0},
    "scatter": {"index": Slot("index", (4, 2), "distinct"), "source": Slot("src", (4, 2)), "src": Slot("src", (4, 2))},
    "split": {
        "split_size_or_sections": 2,
        "split_size": 2,
        "split_sizes": (1, 3),
        "chunks": 2,
        "indices_or_sections": 2,
    },
    "take": {"index": Slot("index", (3,), "index")},
    "tensordot": {"dims": 1},
    "unflatten": {"dim": 1, "sizes": (2, 2), "unflattened_size": (2, 2)},
    "unsqueeze": {"dim": -1},
    "unordered": {"bins": 3},
    "det": {"input": square("input"), "A": square("input")},
}
"""The same for one kind."""

BY_NAME: dict[str, dict[str, object]] = {
    "addbmm": {"batch1": Slot("left", (2, 4, 4)), "batch2": Slot("right", (2, 4, 4))},
    "addmv": {"input": vector("input"), "vec": vector("right")},
    "addr": {"vec1": vector("left"), "vec2": vector("right")},
    "baddbmm": {
        "input": Slot("input", (2, 4, 4)),
        "batch1": Slot("left", (2, 4, 4)),
        "batch2": Slot("right", (2, 4, 4)),
    },
    "bmm": {"input": Slot("input", (2, 4, 4)), "mat2": Slot("other", (2, 4, 4))},
    "bincount": {"input": Slot("input", (5,), "index")},
    "cholesky": {"input": square("input", "definite"), "A": square("input", "definite")},
    "copy_": {"other": square("src")},
    "diag_embed": {"input": square("input")},
    "diagonal_scatter": {"src": vector("src")},
    "diagflat": {"input": vector("input")},
    "dsplit": {"input": Slot("input", (4, 4, 4))},
    "fft.fftn": {},
    "fill_diagonal_": {"fill_value": 0.5},
    "fliplr": {},
    "flipud": {},
    "histogram": {"input": Slot("input", (8,))},
    "index_put": {"indices": (Slot("index", (2,), "distinct"),), "values": Slot("src", (2, 4))},
    "index_reduce": {"source": Slot("src", (4, 2)), "index": Slot("index", (2,), "distinct"), "reduce": "amax"},
    "ldexp": {"other": square("other")},
    "logdet": {"input": square("input", "definite")},
    "lobpcg": {"A": Slot("input", (9, 9), "definite"), "k": 2},
    "matrix_power": {"n": 3},
    "clamp": {"min": 0.25, "max": 0.75},
    "clip": {"min": 0.25, "max": 0.75},
    "imag": {"input": square("input", "complex")},
    "item": {"input": Slot("input", ())},
    "reshape_as": {"other": Slot("shape", (2, 8))},
    "view_as": {"other": Slot("shape", (2, 8))},
    "view_as_real": {"input": square("input", "complex")},
    "mv": {"vec": vector("other")},
    "masked_scatter": {"source": Slot("value", (16,))},
    "mvlgamma": {"p": 2},
    "multigammaln": {"p": 2},
    "pdist": {"p": 2.0},
    "put": {"index": Slot("index", (2,), "distinct"), "source": Slot("src", (2,))},
    "scatter_reduce": {"reduce": "sum"},
    "select": {"index": 1},
    "select_scatter": {"src": vector("src"), "index": 1},
    "slice_scatter": {"src": Slot("src", (4, 2)), "dim": 1, "start": 1, "end": 3},
    "view_as_complex": {"input": Slot("input", (4, 2))},
    "zero_": {},
    "one_hot": {"tensor": Slot("data", (3,), "index")},
    "prelu": {"weight": Slot("weight", (1,))},
    "conv1d": {"input": Slot("input", (2, 4, 4)), "weight": Slot("weight", (4, 4, 1))},
    "conv2d": {"input": Slot("input", (2, 4, 4, 4)), "weight": Slot("weight", (4, 4, 1, 1))},
    "conv3d": {"input": Slot("input", (2, 4, 4, 4, 4)), "weight": Slot("weight", (4, 4, 1, 1, 1))},
    "conv_transpose1d": {"input": Slot("input", (2, 4, 4)), "weight": Slot("weight", (4, 4, 1))},
    "conv_transpose2d": {"input": Slot("input", (2, 4, 4, 4)), "weight": Slot("weight", (4, 4, 1, 1))},
    "conv_transpose3d": {"input": Slot("input", (2, 4, 4, 4, 4)), "weight": Slot("weight", (4, 4, 1, 1, 1))},
    "linear": {"weight": square("weight")},
    "bilinear": {"input1": square("input"), "input2": square("other"), "weight": Slot("weight", (4, 4, 4))},
    "layer_norm": {"normalized_shape": (4,)},
    "rms_norm": {"normalized_shape": (4,)},
    "group_norm": {"input": Slot("input", (2, 4, 4)), "num_groups": 2},
    "instance_norm": {"input": Slot("input", (2, 4, 4))},
    "batch_norm": {"running_mean": None, "running_var": None, "training": True},
    "local_response_norm": {"input": Slot("input", (2, 4, 4)), "size": 2},
    "cross_entropy": {"target": Slot("target", (4,), "index")},
    "nll_loss": {"target": Slot("target", (4,), "index")},
    "binary_cross_entropy": {"input": square("input", "unit"), "target": square("target", "unit")},
    "binary_cross_entropy_with_logits": {"target": square("target", "unit")},
    "kl_div": {"target": square("target", "unit")},
    "cosine_embedding_loss": {
        "input1": square("input"),
        "input2": square("other"),
        "target": Slot("target", (4,), "sign"),
    },
    "margin_ranking_loss": {"input1": square("input"), "input2": square("other"), "target": square("target", "sign")},
    "triplet_margin_loss": {"anchor": square("input"), "positive": square("target"), "negative": square("other")},
    "triplet_margin_with_distance_loss": {
        "anchor": square("input"),
        "positive": square("target"),
        "negative": square("other"),
    },
}
"""The same for one operation, by the last part of its name, or all of it."""

NO_SAMPLE = _words(
    """gcd lcm isin bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift and_ or_ xor
    lshift rshift invert resolve_neg share_memory_ pin_memory coalesce to_dense to_sparse spmm dsmm to type type_as cpu
    cuda xpu as_subclass _make_subclass embedding_bag Variable data detach_ native_norm"""
)
"""Operations on integers, storage and devices, and forms that `sample` has no tensors for."""


def last(name: str) -> str:
    return name.rpartition(".")[2]


def of_torch(name: str) -> bool:
    """Say whether a modelled name is torch's, or an operator of Python."""
    return name.partition(".")[0] in ("torch", "operator")


def sampled(model: Model) -> bool:
    """Say whether there is a sample call of a model; those of other libraries take no tensors."""
    if (
        not of_torch(model.name)
        or model.removed_in
        or model.kind in SURROUNDINGS
        or last(model.name).rstrip("_") in NO_SAMPLE
    ):
        return False
    if model.kind in ("layer", "loss") and any(p.startswith("**") for p in model.params):
        return False
    return last(model.name) not in NO_SAMPLE and not model.name.startswith("torch.sparse.")


def sample(model: Model) -> Sample:
    """Return arguments with which the operation can be called."""
    stem = last(model.name)
    if model.inplace and stem.endswith("_") and stem not in BY_NAME:
        stem = stem[:-1]
    table = {**BY_KIND.get(model.kind, {}), **BY_NAME.get(stem, {}), **BY_NAME.get(model.name, {})}
    positional: list[object] = []
    keywords: dict[str, object] = {}
    named_only = False
    for param in model.params:
        if param == "*":
            named_only = True
        elif param.startswith("**"):
            continue
        elif param.startswith("*"):
            if param[1:] == "arguments":
                continue
            positional.extend(_argument(param[1:], model, table))  # type: ignore[call-overload]
            named_only = True
        elif param in table or param not in model.defaults or _wanted(param, model):
            value = _argument(param, model, table)
            if named_only or (len(positional) < _place(param, model)):
                keywords[param] = value
            else:
                positional.append(value)
    return Sample(tuple(positional), keywords)


def _place(param: str, model: Model) -> int:
    return model.params.index(param)


def _wanted(param: str, model: Model) -> bool:
    """Dimensions are passed where they may be: without them much is reduced to one number."""
    needed = model.kind in ("reduce", "scan", "reductions", "running", "gather") and param == "dim"
    return needed or (model.kind == "select") or (model.kind == "scatter" and param == "src")


def _argument(param: str, model: Model, table: Mapping[str, object]) -> object:
    if param in table:
        return table[param]
    name = model.rename.get(param, param)
    if param in ARGUMENTS and not (name in TENSORS and param not in ("mask", "condition", "values")):
        return ARGUMENTS[param]
    if name == "weight" and model.kind == "combine":
        return 0.25
    if name in TENSORS:
        return square(name)
    if name in ARGUMENTS:
        return ARGUMENTS[name]
    raise KeyError(f"no sample argument {param!r} for {model.name}")


def fitting(slot: Slot, generator: torch.Generator) -> torch.Tensor:
    """Draw numbers for a slot."""
    drawn = torch.rand(slot.shape, generator=generator, dtype=torch.float64)
    match slot.domain:
        case "index":
            return torch.randint(0, 4, slot.shape, generator=generator)
        case "distinct":
            order = torch.randperm(4, generator=generator)[: slot.shape[-1]]
            return order.expand(slot.shape).clone()
        case "mask":
            return drawn > 0.5
        case "complex":
            return torch.complex(drawn * 2 - 1, torch.rand(slot.shape, generator=generator, dtype=torch.float64))
        case "unit":
            return drawn
        case "sign":
            return torch.sign(drawn - 0.5)
        case "definite":
            return drawn @ drawn.mT + torch.eye(slot.shape[-1], dtype=torch.float64)
    return drawn * 2 - 1


def filled(made: Sample, give: Callable[[Slot], object]) -> Sample:
    """Put something in place of every slot."""

    def put(value: object) -> object:
        if isinstance(value, Slot):
            return give(value)
        return tuple(put(v) for v in value) if isinstance(value, tuple) else value

    return Sample(tuple(put(v) for v in made.positional), {k: put(v) for k, v in made.keywords.items()})


def find(name: str) -> object:
    """Return what a dotted name stands for; raises AttributeError or ImportError."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            module = import_module(".".join(parts[:cut]))
        except ModuleNotFoundError as e:
            if e.name is not None and not name.startswith(e.name):
                raise
            continue
        return reduce(getattr, parts[cut:], module)
    raise ImportError(name)


def invoke(model: Model, call: Sample) -> object:
    """Apply the operation itself."""
    if model.name.startswith("operator."):
        return getattr(operator, last(model.name))(*call.positional, **call.keywords)
    if model.name.startswith("torch.Tensor."):
        receiver, *rest = call.positional
        member = getattr(receiver, last(model.name))
        return member if model.attribute else member(*rest, **call.keywords)
    return find(model.name)(*call.positional, **call.keywords)  # type: ignore[operator]
