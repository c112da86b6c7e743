"""Operations of several tensors, along axes and on matrices do what their kind says, for every line of the tables."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
import torch

from eiglint.models import load
from models.sample_calls import find, last, of_torch
from models.test_functions import applied, close, of_kind, options

MODELS = load()
NAMES = [n for n in MODELS if of_torch(n)]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) + 0.25


def some_complex(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.complex(some(*shape, seed=seed) - 0.7, some(*shape, seed=seed + 100) - 0.7)


X, Y = some_complex(4, 4), some_complex(4, 4, seed=1)


@pytest.mark.parametrize("name", of_kind("add", "product", "divide"))
def test_arithmetic_is_what_the_table_says(name: str) -> None:
    made = applied(MODELS.get(name), input=(x := some(4, 4)), other=(y := some(4, 4, seed=1)))
    match MODELS.get(name).kind:
        case "add":
            sign = options(name)["sign"]
            assert close(made, y + sign * x if options(name).get("reflected") else x + sign * y)  # type: ignore[operator]
        case "product":
            how = options(name).get("how")
            factors = {"by power of two": (x, 2.0**y), "modulus by sign": (x.abs(), y.sgn())}.get(str(how), (x, y))
            assert close(made, factors[0] * factors[1])
        case _:
            assert close(made, (x / y).floor() if options(name).get("rounding_mode") == "floor" else x / y)


@pytest.mark.parametrize("name", of_kind("fused", "addcmul"))
def test_a_fused_operation_adds_what_the_table_says_to_its_input(name: str) -> None:
    model = MODELS.get(name)
    how = options(name)["how"]
    batch = last(name).rstrip("_") in ("addbmm", "baddbmm")
    left = some(2, 4, 4) if batch else some(4) if how == "outer" else some(4, 4)
    right = (
        some(2, 4, 4, seed=1) if batch else some(4) if how == "outer" or "vec" in model.params else some(4, 4, seed=1)
    )
    made = {
        "matmul": lambda: left @ right,
        "sum": lambda: (left @ right).sum(0),
        "outer": lambda: torch.outer(left, right),
        "product": lambda: left * right,
        "quotient": lambda: left / right,
    }[str(how)]()
    base = torch.ones_like(made)
    assert close(applied(model, input=base, left=left, right=right), base + made)


PRODUCTS = {
    "i,i->": "i,i->",
    "i,j->ij": "i,j->ij",
    "...i,...i->...": "i,i->",
}


@pytest.mark.parametrize("name", of_kind("contract"))
def test_a_contraction_is_the_einsum_of_the_table(name: str) -> None:
    x, y = some_complex(4), some_complex(4, seed=1)
    first = x.conj() if options(name).get("conj") == "first" else x
    assert close(
        applied(MODELS.get(name), input=x, other=y), torch.einsum(PRODUCTS[str(options(name)["spec"])], first, y)
    )


@pytest.mark.parametrize("name", of_kind("matmul"))
def test_a_matrix_product_is_one(name: str) -> None:
    shapes = {"bmm": ((2, 4, 4), (2, 4, 4)), "mv": ((4, 4), (4,))}.get(last(name), ((4, 4), (4, 4)))
    x, y = some_complex(*shapes[0]), some_complex(*shapes[1], seed=1)
    assert close(applied(MODELS.get(name), input=x, other=y), x @ y)


@pytest.mark.parametrize("name", of_kind("compare", "logical"))
def test_comparisons_are_boolean(name: str) -> None:
    made = applied(MODELS.get(name))
    whole = isinstance(made, bool)
    assert whole == bool(options(name).get("total", False))
    assert whole or made.dtype == torch.bool or MODELS.get(name).inplace


@pytest.mark.parametrize("name", of_kind("transpose"))
def test_a_transpose_swaps_two_axes_and_conjugates_if_the_table_says_so(name: str) -> None:
    assert close(applied(MODELS.get(name), input=X), X.conj().mT if options(name).get("conj") else X.mT)


REDUCTIONS = {
    "sum": lambda x: x.sum(-1),
    "mean": lambda x: x.sum(-1) / 4,
    "prod": lambda x: x[:, 0] * x[:, 1] * x[:, 2] * x[:, 3],
    "any": lambda x: (x != 0).sum(-1) > 0,
    "all": lambda x: (x != 0).sum(-1) == 4,
    "count": lambda x: (x != 0).sum(-1),
    "max": lambda x: x.sort(-1).values[:, -1],
    "min": lambda x: x.sort(-1).values[:, 0],
    "argmax": lambda x: x.argsort(-1)[:, -1],
    "argmin": lambda x: x.argsort(-1)[:, 0],
    "median": lambda x: x.sort(-1).values[:, 1],
    "mode": lambda x: x.sort(-1).values[:, 0],
    "kthvalue": lambda x: x.sort(-1).values[:, 1],
    "logsumexp": lambda x: x.exp().sum(-1).log(),
    "variance": lambda x: ((x - x.sum(-1, True) / 4) ** 2).sum(-1) / 3,
    "norm": lambda x: (x**2).sum(-1).sqrt(),
}


@pytest.mark.parametrize("name", of_kind("reduce"))
def test_a_reduction_is_the_one_that_the_table_names(name: str) -> None:
    how, x = str(options(name)["how"]), some(4, 4)
    made = applied(MODELS.get(name), input=x)
    made = made[0] if isinstance(made, tuple) else made
    if last(name) == "native_norm":
        return
    if how == "quantile":
        assert bool(((made >= x.amin(-1)) & (made <= x.amax(-1))).all())
    elif last(name) == "std":
        assert close(made**2, REDUCTIONS["variance"](x))
    else:
        assert close(made, REDUCTIONS[how](x))


ALONG = (
    "reduce",
    "reductions",
    "scan",
    "running",
    "glu",
    "diff",
    "trapezoid",
    "fft",
    "sort",
    "cosine_similarity",
    "normalize",
)


@pytest.mark.parametrize("name", of_kind(*ALONG))
def test_what_acts_along_an_axis_leaves_the_others_apart(name: str) -> None:
    model = MODELS.get(name)
    if last(name).endswith(("fft2", "fftn")) or model.options.get("stochastic"):
        return
    x, y = some(4, 4), some(4, 4, seed=1)
    order = torch.tensor([2, 0, 3, 1])
    keys = ("x1", "x2") if model.kind == "cosine_similarity" else ("input", "other")
    plain = applied(model, **dict(zip(keys, (x, y), strict=True)))
    moved = applied(model, **dict(zip(keys, (x[order], y[order]), strict=True)))
    for a, b in zip(*((v if isinstance(v, tuple) else (v,)) for v in (plain, moved)), strict=True):
        assert close(a[order], b)


@pytest.mark.parametrize("name", of_kind("inverse", "solve", "det", "matfun", "trace"))
def test_matrix_operations_are_those_of_the_table(name: str) -> None:
    model, a = MODELS.get(name), some(4, 4) + 2 * torch.eye(4, dtype=torch.float64)
    values = torch.linalg.eigvals(a)
    match model.kind, options(name).get("how"):
        case "inverse", _:
            assert close(applied(model, input=a) @ a, torch.eye(4))
        case "solve", _:
            a, b = a.triu() if options(name).get("triangular") else a, some(4, 4, seed=1)
            made = applied(model, A=a, B=b)
            assert close(a @ (made[0] if model.fields else made), b)
        case "det", "det":
            assert close(applied(model, input=a), values.prod())
        case "det", "logdet":
            assert close(applied(model, input=a @ a), values.prod().square().log())
        case "det", "slogdet":
            sign, log = applied(model, input=a)
            assert close(sign * log.exp(), values.prod())
        case "matfun", "cholesky":
            factor = applied(model, input=a @ a.mT)
            assert close(factor @ factor.mT, a @ a.mT)
        case "matfun", "power":
            assert close(applied(model, input=a), a @ a @ a if last(name) == "matrix_power" else a @ a)
        case "matfun", "exp":
            assert close(torch.linalg.det(applied(model, input=a)), a.diagonal().sum().exp())
        case "trace", _:
            assert close(applied(model, input=a), values.sum())
        case other:
            pytest.fail(f"no check for {other}")


@pytest.mark.parametrize("name", of_kind("cast"))
def test_a_cast_has_the_dtype_of_the_table(name: str) -> None:
    made = applied(MODELS.get(name), input=some(4))
    is_integer = not (made.dtype.is_floating_point or made.dtype.is_complex or made.dtype == torch.bool)
    match options(name)["to"]:
        case "real":
            assert made.dtype.is_floating_point
        case "complex":
            assert made.dtype.is_complex
        case "int":
            assert is_integer
        case "bool":
            assert made.dtype == torch.bool
        case other:
            pytest.fail(f"unknown target {other!r}")


@pytest.mark.parametrize("name", [n for n in NAMES if MODELS.get(n).kind == "dtype"])
def test_a_dtype_is_what_the_table_says(name: str) -> None:
    dtype = find(name)
    assert isinstance(dtype, torch.dtype)
    to, precision = options(name)["to"], options(name).get("precision")
    assert dtype.is_floating_point == (to == "real")
    assert dtype.is_complex == (to == "complex")
    assert (dtype == torch.bool) == (to == "bool")
    if precision is not None:
        least = {"double": 8, "single": 4, "half": 2}[str(precision)]
        assert dtype.itemsize == least * (2 if dtype.is_complex else 1) or dtype == torch.complex32


@pytest.mark.parametrize("name", [n for n in NAMES if MODELS.get(n).kind == "constant"])
def test_a_constant_has_its_value(name: str) -> None:
    value = options(name)["value"]
    assert find(name) == value or value != value


@pytest.mark.parametrize("name", [n for n in NAMES if MODELS.get(n).kind == "context"])
def test_a_context_switches_gradients_as_the_table_says(name: str) -> None:
    grad = options(name)["grad"]
    if grad in ("same", "mode"):
        return
    with torch.enable_grad() if grad == "false" else torch.no_grad(), find(name)():  # type: ignore[operator]
        assert torch.is_grad_enabled() == (grad == "true")


LIKE = {"zeros": lambda x: (x == 0).all(), "ones": lambda x: (x == 1).all(), "full": lambda x: (x == 7).all()}


@pytest.mark.parametrize("name", [n for n in NAMES if options(n).get("like") and MODELS.get(n).kind == "create"])
def test_what_is_created_like_another_has_its_shape(name: str) -> None:
    model, what = MODELS.get(name), str(options(name)["value"])
    if last(name) in ("dirac_", "randint_like", "random_", "sparse_"):
        return
    x = some(3, 3).clamp(0.1, 0.9)
    fixed = {"cauchy_": (0, 1), "geometric_": (0.5,)}.get(last(name), (7,) if what == "full" else ())
    made = find(name)(x, *fixed)  # type: ignore[operator]
    assert made.shape == (3, 3)
    assert (made is x) == model.inplace
    assert LIKE.get(what, lambda _: True)(made)


@pytest.mark.parametrize("name", ["torch.zeros", "torch.ones", "torch.empty", "torch.rand", "torch.randn"])
def test_sizes_come_apart_or_as_one(name: str) -> None:
    made = find(name)
    assert made(2, 3).shape == made((2, 3)).shape == made(size=(2, 3)).shape == (2, 3)  # type: ignore[operator]
