"""Parities, zeros and moduli are true of the real functions, for every line of the tables."""

from __future__ import annotations

import cmath
import math
import operator
import warnings
from collections.abc import Callable, Iterator

import pytest
import torch

from eiglint.models import Model, load
from models.sample_calls import Slot, filled, find, fitting, invoke, last, of_torch, sample, sampled

Function = Callable[[torch.Tensor], torch.Tensor]

MODELS = load()
NAMES = [n for n in MODELS if of_torch(n)]
GRID = torch.tensor([0.03, 0.26, 0.5, 0.77, 1.0, 1.31, 2.5, 3.2, 7.9, 11.4, math.inf], dtype=torch.float64)
BY_ARGUMENTS = frozenset({"clamp", "clip", "clamp_min", "clamp_max", "threshold", "Threshold", "hardtanh", "Hardtanh"})
"""Functions whose parity and zero depend on their other arguments: nothing is said of them."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def of_kind(*kinds: str) -> list[str]:
    return [n for n in NAMES if MODELS.get(n).kind in kinds and sampled(MODELS.get(n))]


def modules(kind: str) -> list[str]:
    found = (n for n in NAMES if (m := MODELS.get(n)).instance is not None and m.instance.kind == kind)
    return [n for n in found if n != "torch.nn.Threshold"]


def applied(model: Model, **tensors: torch.Tensor) -> torch.Tensor:
    """Apply an operation to these tensors, by the algebra's names, and to sample ones otherwise."""
    generator = torch.Generator().manual_seed(1)

    def give(slot: Slot) -> torch.Tensor:
        return tensors[slot.argument].clone() if slot.argument in tensors else fitting(slot, generator)

    torch.manual_seed(0)
    return invoke(model, filled(sample(model), give))  # type: ignore[return-value]


def function(name: str) -> Function:
    """Return a modelled function, or an instance of a modelled class, as a function of its input."""
    model = MODELS.get(name)
    if model.instance is not None:
        return find(name)().double()  # type: ignore[operator, no-any-return]
    return lambda x: applied(model, input=x)


def options(name: str) -> dict[str, object]:
    model = MODELS.get(name)
    return dict((model.instance or model).options)


def close(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.allclose(a.to(torch.complex128), b.to(torch.complex128), rtol=1e-9, atol=1e-11, equal_nan=True)


def is_odd(f: Function) -> bool:
    plus = f(GRID)
    return plus.dtype != torch.bool and close(f(-GRID), -plus)


def is_even(f: Function) -> bool:
    return close(f(-GRID), f(GRID))


def undefined(f: Function) -> bool:
    """Whether the function has no value on one side, so that no parity can be seen."""
    return bool((f(GRID).isnan() | f(-GRID).isnan()).all())


MAPS = [n for n in of_kind("map") + modules("map") if last(n).rstrip("_") not in BY_ARGUMENTS]


@pytest.mark.parametrize("name", MAPS)
def test_a_map_has_the_parity_of_the_table_and_no_other(name: str) -> None:
    f = function(name)
    parity = options(name).get("parity", "none")
    match parity:
        case "odd":
            assert is_odd(f)
        case "even":
            assert is_even(f)
        case "none":
            assert undefined(f) or not (is_odd(f) or is_even(f))
        case _:
            pytest.fail(f"unknown parity {parity!r}")


@pytest.mark.parametrize("name", MAPS)
def test_a_map_takes_zero_to_zero_if_and_only_if_the_table_says_so(name: str) -> None:
    at_zero = function(name)(torch.zeros(3, dtype=torch.float64))
    if at_zero.dtype != torch.bool:
        assert bool((at_zero == 0).all()) == bool(options(name).get("zero", False))


@pytest.mark.parametrize("name", of_kind("map", "modulus", "power", "sgn", "neg", "conj", "same", "part"))
def test_a_map_acts_on_each_entry_alone(name: str) -> None:
    f = function(name)
    if MODELS.get(name).options.get("stochastic"):
        return
    x = torch.rand(5, dtype=torch.float64, generator=torch.Generator().manual_seed(3)) + 0.6
    x = torch.complex(x, x.flip(0)) if MODELS.get(name).kind == "part" else x
    order = torch.tensor([3, 0, 4, 1, 2])
    assert close(f(x[order]), f(x)[order])


@pytest.mark.parametrize("name", of_kind("map", "modulus") + modules("map"))
def test_a_result_is_boolean_if_and_only_if_the_table_says_so(name: str) -> None:
    inplace = MODELS.get(name).inplace
    assert inplace or (function(name)(GRID).dtype == torch.bool) == (options(name).get("dtype") == "bool")


@pytest.mark.parametrize("name", of_kind("modulus"))
def test_a_modulus_knows_neither_sign_nor_phase(name: str) -> None:
    f = function(name)
    assert is_even(f)
    if MODELS.get(name).inplace:
        return
    z = torch.polar(GRID[:-1], torch.linspace(0, 2, len(GRID) - 1, dtype=torch.float64))
    assert close(f(z * cmath.exp(0.7j)), f(z))


@pytest.mark.parametrize("name", of_kind("power"))
def test_a_power_multiplies_degrees(name: str) -> None:
    exponent = MODELS.get(name).options.get("exponent", 2)
    x = GRID[:-1]
    assert close(function(name)(x), x**exponent)  # type: ignore[operator]
    assert close(function(name)(3 * x), 3**exponent * x**exponent)  # type: ignore[operator]


@pytest.mark.parametrize("name", of_kind("sgn"))
def test_a_sign_is_the_quotient_by_the_modulus_and_zero_at_zero(name: str) -> None:
    x = torch.cat([-GRID[:-1], GRID[:-1]])
    assert close(function(name)(x) * x.abs(), x)
    assert close(function(name)(torch.zeros(2)), torch.zeros(2))
    if last(name) == "sgn":
        z = torch.polar(GRID[:-1], GRID[:-1])
        assert close(function(name)(z) * z.abs(), z)


Z = torch.polar(GRID[:-1], GRID[:-1])
PARTS = {"real": Z.real, "imag": Z.imag, "angle": Z.angle(), "view_as_real": torch.view_as_real(Z)}


@pytest.mark.parametrize("name", of_kind("part"))
def test_a_part_is_the_one_that_the_table_names(name: str) -> None:
    assert close(function(name)(Z), PARTS[str(options(name)["part"])])


@pytest.mark.parametrize("name", of_kind("conj"))
def test_a_conjugate_is_one(name: str) -> None:
    assert close(function(name)(Z), torch.complex(Z.real, -Z.imag))


@pytest.mark.parametrize("name", of_kind("neg"))
def test_a_negative_is_one(name: str) -> None:
    assert close(function(name)(Z), -Z)


@pytest.mark.parametrize("name", of_kind("same", "dropout") + modules("same"))
def test_what_leaves_values_alone_does(name: str) -> None:
    f = function(name)
    x = torch.rand(4, 4, dtype=torch.float64)
    assert close(f(x), x)


@pytest.mark.parametrize("name", of_kind("detach"))
def test_a_detached_value_has_no_gradient(name: str) -> None:
    x = torch.rand((), dtype=torch.float64) if last(name) == "item" else torch.rand(4, dtype=torch.float64)
    made = function(name)(x)
    assert isinstance(made, torch.Tensor) != bool(options(name).get("leave"))
    if not options(name).get("leave"):
        assert not applied(MODELS.get(name), input=x.requires_grad_()).requires_grad
    elif last(name) == "numpy":
        assert not hasattr(made, "requires_grad")


def pair(name: str, sign: int) -> torch.Tensor:
    x = torch.linspace(-2.3, 3.1, 16, dtype=torch.float64).reshape(4, 4)
    y = x.flip(0, 1).roll(1) * 0.9 + 0.05
    model = MODELS.get(name)
    keys = [model.rename.get(p, p) for p in model.params if p != "*"]
    y = y.reshape(-1)[:1] if "values" in keys else y
    return applied(model, input=sign * x, **{keys[1]: sign * y})


def keys_of(name: str) -> list[str]:
    model = MODELS.get(name)
    return [model.rename.get(p, p) for p in model.params]


@pytest.mark.parametrize("name", of_kind("combine"))
def test_a_function_of_several_tensors_has_the_parity_of_the_table_and_no_other(name: str) -> None:
    if last(name).startswith(("igamma", "gammainc", "zeta", "xlog")):
        return  # defined for positive arguments alone
    if "n" in MODELS.get(name).params:
        return  # of the degree's parity
    plus, minus = pair(name, 1), pair(name, -1)
    odd, even = close(minus, -plus), close(minus, plus)
    match MODELS.get(name).options.get("parity", "none"):
        case "odd":
            assert odd
        case "even":
            assert even
        case _:
            assert last(name).rstrip("_") == "lerp" or not (odd or even)


@pytest.mark.parametrize("name", of_kind("combine"))
def test_a_function_of_two_tensors_commutes_if_and_only_if_the_table_says_so(name: str) -> None:
    model = MODELS.get(name)
    if keys_of(name) != ["input", "other"]:
        assert not model.options.get("commutes")
        return
    x, y = GRID[:-1], GRID[:-1].flip(0) * 1.7
    same = close(applied(model, input=x, other=y), applied(model, input=y, other=x))
    assert same == bool(model.options.get("commutes"))


@pytest.mark.parametrize("name", [n for n in of_kind("combine") if "input" in keys_of(n) and "other" in keys_of(n)])
def test_a_function_is_odd_in_its_first_argument_alone_if_and_only_if_the_table_says_so(name: str) -> None:
    if MODELS.get(name).options.get("parity"):
        return
    x, y = GRID[:-1], GRID[:-1].flip(0) * 1.7
    plus, minus = (applied(MODELS.get(name), input=s * x, other=y) for s in (1, -1))
    assert close(minus, -plus) == bool(MODELS.get(name).options.get("odd_in_first"))


@pytest.mark.parametrize("name", [n for n in of_kind("map") if options(n).get("clamps")])
def test_what_clamps_is_odd_between_limits_that_mirror_each_other(name: str) -> None:
    assert is_odd(lambda x: find(name)(x.clone(), -1.5, 1.5))  # type: ignore[operator]
    assert not is_odd(lambda x: find(name)(x.clone(), -1.5, 2.5))  # type: ignore[operator]


@pytest.mark.parametrize("name", [n for n in of_kind("map") if options(n).get("exponential")])
def test_an_exponential_is_one(name: str) -> None:
    assert close(function(name)(GRID), math.e**GRID)


@pytest.mark.parametrize("name", [n for n in NAMES if MODELS.get(n).kind == "compare" and "how" in options(n)])
def test_a_comparison_is_the_one_that_the_table_names(name: str) -> None:
    x, y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 2.0, 2.0])
    said = getattr(operator, str(options(name)["how"]))(x, y)
    assert torch.equal(applied(MODELS.get(name), input=x, other=y).bool(), said)


@pytest.mark.parametrize("name", [n for n in of_kind("loss") if options(n).get("even")])
def test_an_even_loss_reads_the_difference_alone(name: str) -> None:
    model = MODELS.get(name)
    x, y = (torch.rand(4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(k)) * 4 for k in (5, 6))
    assert close(applied(model, input=x, target=y), applied(model, input=y, target=x))
    assert close(applied(model, input=x, target=y), applied(model, input=x + 1.5, target=y + 1.5))


@pytest.mark.parametrize("name", [n for n in of_kind("loss") if not options(n).get("even")])
def test_other_losses_do_not(name: str) -> None:
    model = MODELS.get(name)
    if last(name) in ("cross_entropy", "nll_loss"):
        return  # the target is an index
    x, y = (torch.rand(4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(k)) for k in (5, 6))
    assert not close(applied(model, input=x, target=y), applied(model, input=y, target=x))
