"""What is said, when nothing can be said, and what the error tells."""

from __future__ import annotations

import inspect
import pickle

import pytest
import torch

import eiglint.runtime
from eiglint.runtime import GaugeError, gaugecheck

eigh = torch.linalg.eigh


def test_a_function_without_decomposition_is_fine_and_says_so(draw, device):
    result = gaugecheck(lambda A: A.sum(), draw(3, 3), raise_exception=False)
    assert result.ok
    assert result.sites == ()
    assert "no decomposition" in result.phase.reason


def test_a_fine_function_returns_true(draw, device):
    assert gaugecheck(lambda A: eigh(A)[1].square(), draw(3, 3)) is True


def test_sites_tell_line_call_shape_dtype_and_count(draw, device):
    def twice(A):
        return eigh(A)[1].abs() + eigh(2 * A)[1].abs(), torch.linalg.svd(A).S

    first = inspect.getsourcelines(twice)[1] + 1
    result = gaugecheck(twice, draw(3, 3), raise_exception=False)
    assert [(site.line, site.call, site.calls) for site in result.sites] == [
        (first, "torch.linalg.eigh", 2),
        (first, "torch.linalg.svd", 1),
    ]
    assert {(site.path, site.shape, site.dtype, torch.device(site.device).type) for site in result.sites} == {
        (__file__, (3, 3), "float64", device)
    }


def test_the_error_names_symmetry_line_and_size(draw, device):
    def loss(A):
        fine = eigh(A)[1].square()
        return fine.sum() + eigh(A @ A.mT)[1].sum()

    with pytest.raises(GaugeError) as caught:
        gaugecheck(loss, draw(3, 3))
    error, guilty = caught.value, inspect.getsourcelines(loss)[1] + 2
    assert error.symmetry == "phase"
    assert [site.line for site in error.result.phase.sites] == [guilty]
    assert f"test_verdicts.py:{guilty} by torch.linalg.eigh, 3x3 float64" in str(error)
    assert f":{guilty - 1} " not in str(error)
    assert "the value moved by " in str(error)
    assert "help: " in str(error)


def test_the_error_travels_between_processes(draw, device):
    with pytest.raises(GaugeError) as caught:
        gaugecheck(lambda A: eigh(A)[1], draw(3, 3))
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.symmetry == "phase"


def test_the_stationary_case_is_found_where_torch_is_silent(draw, device):
    A = draw(4, 4, kind="hermitian")
    torch.linalg.eig(A).eigenvectors.real.sum().backward()
    result = gaugecheck(lambda A: torch.linalg.eig(A).eigenvectors.real.sum(), A, raise_exception=False)
    assert result.phase.invariant is False
    assert "torch's own phase check refused" in result.phase.reason


def test_a_large_invariant_loss_that_torch_refuses_is_invariant(draw, device):
    A = torch.tensor([[1.0, -2.0], [1.0, 1.0]], device=device, requires_grad=True)
    times = torch.linspace(0, 8, 5, device=device)

    def flow(A):
        L, V = (part.to(torch.complex128) for part in torch.linalg.eig(A))
        start = torch.linalg.inv(V) @ torch.tensor([1.0, 0.0], dtype=V.dtype, device=device)
        return (V @ (torch.exp(L[:, None] * times) * start[:, None])).abs().square().mean()

    if device == "cpu":  # the residue is rounding, so another solver may leave none
        with pytest.raises(RuntimeError, match="ill-defined"):
            flow(A).backward()
    result = gaugecheck(flow, A, raise_exception=False)
    assert result.phase.invariant is True, result.phase
    assert result.phase.gradient_deviation is not None


def test_a_backward_inside_that_torch_refuses_depends_on_the_phase(draw, device):
    def inner(A):
        (slope,) = torch.autograd.grad(eigh(A)[1].real.sum(), A)
        return slope

    result = gaugecheck(inner, draw(4, 4, kind="hermitian", dtype=torch.complex128), raise_exception=False)
    assert result.phase.invariant is False
    assert "torch itself raised" in result.phase.reason


def test_a_gradient_that_depends_where_the_value_does_not_is_found(draw, device):
    class Crooked(torch.autograd.Function):
        @staticmethod
        def forward(ctx, V):
            ctx.save_for_backward(V)
            return V.square()

        @staticmethod
        def backward(ctx, slope):
            return slope

    result = gaugecheck(lambda A: Crooked.apply(eigh(A)[1]), draw(4, 4, kind="hermitian"), raise_exception=False)
    assert result.phase.value_deviation == 0.0
    assert result.phase.gradient_deviation > 0.1
    assert result.phase.invariant is False
    assert gaugecheck(lambda A: Crooked.apply(eigh(A)[1]), draw(4, 4, kind="hermitian"), check_grad=False)


def test_gradients_with_respect_to_parameters_count(draw, device):
    weight = draw(4, 4, seed=3)
    A = draw(4, 4, kind="hermitian", grad=False)

    def loss(A):
        V = eigh(A)[1]
        return ((V @ weight) - (V @ weight).detach()).sum()

    assert gaugecheck(loss, A)
    result = gaugecheck(loss, A, params=[weight], raise_exception=False)
    assert result.phase.gradient_deviation > 0.1
    assert result.phase.invariant is False


def test_a_module_brings_its_own_parameters(draw, device):
    class Encoder(torch.nn.Linear):
        def forward(self, A):
            return super().forward(eigh(A)[1][:, :2])

    encoder = Encoder(2, 3, dtype=torch.float64, device=device)
    result = gaugecheck(encoder, draw(4, 4, kind="hermitian", grad=False), raise_exception=False)
    assert result.phase.invariant is False
    assert result.phase.gradient_deviation > 0.1


def test_tuples_lists_and_dictionaries_of_tensors_may_be_returned(draw, device):
    A = draw(4, 4, kind="hermitian")
    assert gaugecheck(lambda A: {"values": eigh(A)[0], "more": [eigh(A)[1].abs(), (A.sum(), None)]}, A)
    result = gaugecheck(lambda A: {"values": eigh(A)[0], "more": [eigh(A)[1]]}, A, raise_exception=False)
    assert result.phase.invariant is False


def test_integers_and_truth_values_are_compared_too(draw, device):
    A = draw(4, 4, kind="hermitian")
    assert gaugecheck(lambda A: eigh(A)[1].abs().argmax(0), A)
    for feature in (lambda V: V > 0, lambda V: V.argmax(0)):
        result = gaugecheck(lambda A, feature=feature: feature(eigh(A)[1]), A, raise_exception=False)
        assert result.phase.invariant is False


def test_a_shape_or_an_error_that_comes_and_goes_with_the_sign_is_a_dependence(draw, device):
    def ragged(A):
        V = eigh(A)[1]
        return V[:, V[0] > 0]

    def strict(A):
        V = eigh(A)[1]
        if (V[0] * first).sum() < 3.5 * (first**2).max():
            pass
        if bool((V[0] * first < 0).any()):
            raise ArithmeticError("negative")
        return V.abs()

    A = draw(4, 4, kind="hermitian")
    first = eigh(A)[1][0].detach()
    assert gaugecheck(ragged, A, raise_exception=False, check_grad=False).phase.invariant is False
    result = gaugecheck(strict, A, raise_exception=False)
    assert result.phase.invariant is False
    assert "ArithmeticError" in result.phase.reason


def test_a_result_that_rounding_moves_has_no_verdict(draw, device):
    A = draw(4, 4, kind="hermitian")

    def chaotic(A):
        return torch.sin(1e18 * eigh(A)[1].square())

    result = gaugecheck(chaotic, A, raise_exception=False)
    assert result.phase.invariant is None
    assert not result.ok
    assert "moves already when its input is perturbed by rounding" in result.reason
    with pytest.raises(GaugeError, match="no verdict on phase"):
        gaugecheck(chaotic, A)


def test_a_result_that_changes_from_call_to_call_has_no_verdict(draw, device):
    calls = []

    def counting(A):
        calls.append(1)
        return eigh(A)[1].abs() * len(calls)

    result = gaugecheck(counting, draw(4, 4), raise_exception=False)
    assert result.phase.invariant is None
    assert "merely run again" in result.reason


def test_an_ill_conditioned_dependence_is_still_a_dependence(draw, device):
    A = torch.diag(torch.tensor([1.0, 1.0 + 1e-9, 2.0], dtype=torch.float64, device=device))
    turn = torch.linalg.qr(draw(3, 3, grad=False)).Q
    A = (turn @ A @ turn.mT).requires_grad_()
    assert gaugecheck(lambda A: eigh(A)[1], A, raise_exception=False).phase.invariant is False
    assert gaugecheck(lambda A: eigh(A)[1].square(), A, raise_exception=False).phase.invariant is True


def test_gradients_that_are_nan_give_no_verdict_and_no_failure(draw, device):
    A = torch.eye(3, dtype=torch.float64, device=device, requires_grad=True)
    result = gaugecheck(lambda A: (lambda L, V: (V * L.sqrt()) @ V.mT)(*eigh(A)), A, raise_exception=False)
    assert result.ok
    assert result.phase.gradient_deviation is None
    assert "not finite" in result.phase.reason


def test_nan_in_the_same_places_is_equal(draw, device):
    def holes(A):
        V = eigh(A)[1].abs()
        return torch.where(torch.eye(len(V), dtype=torch.bool, device=V.device), torch.nan, V)

    def wandering(A):
        return eigh(A)[1].sqrt()

    assert gaugecheck(holes, draw(4, 4, kind="hermitian"), check_grad=False)
    result = gaugecheck(wandering, draw(4, 4, kind="hermitian"), check_grad=False, raise_exception=False)
    assert result.phase.invariant is False
    assert result.phase.value_deviation == float("inf")


def test_a_result_without_a_finite_number_has_no_verdict(draw, device):
    result = gaugecheck(lambda A: eigh(A)[1].sum() * torch.nan, draw(4, 4), raise_exception=False)
    assert result.phase.invariant is None
    assert "no finite number" in result.reason


def test_a_residual_that_is_zero_to_rounding_counts_as_zero(draw, device):
    def residual(A):
        L, V = torch.linalg.eig(A)
        return (A - V @ torch.diag(L) @ torch.linalg.inv(V)).abs().max()

    assert gaugecheck(residual, draw(4, 4), check_grad=False)


def test_a_dependence_far_below_the_size_of_the_numbers_is_found(draw, device):
    A = draw(4, 4, kind="hermitian")
    for scale in (1e-9, 1e-20):
        result = gaugecheck(lambda A, scale=scale: scale * eigh(A)[1].sum(), A, raise_exception=False)
        assert result.phase.invariant is False
    result = gaugecheck(lambda A: A.sum() + 1e-9 * eigh(A)[1].sum(), A, raise_exception=False)
    assert result.phase.invariant is False


def test_a_symmetry_that_was_not_asked_for_has_no_verdict_and_does_no_harm(draw, device):
    result = gaugecheck(lambda A: eigh(A)[1].abs(), draw(4, 4), symmetries=("order",), raise_exception=False)
    assert result.ok
    assert result.phase.invariant is None
    assert result.phase.reason == "not asked for"


def test_an_order_that_the_solver_does_not_change_has_no_verdict_by_similarity(device):
    A = torch.tensor([[1.0, -2.0], [1.0, 1.0]], dtype=torch.float64, device=device)
    options = {"symmetries": "order", "check_grad": False, "raise_exception": False}
    result = gaugecheck(lambda A: torch.linalg.eigvals(A)[0].imag, A, way="similarity", **options)
    assert result.order.invariant is None
    assert "way='multiply'" in result.reason
    assert gaugecheck(lambda A: torch.linalg.eigvals(A)[0].imag, A, **options).order.invariant is False


def test_blocks_are_counted(draw, device):
    def clusters(A):
        return gaugecheck(lambda A: eigh(A)[0], A, raise_exception=False, check_grad=False).rotation.clusters

    assert clusters(draw(4, 4, kind="hermitian")) == 0
    assert clusters(torch.diag(torch.tensor([1.0, 1.0, 2.0, 2.0], device=device))) == 2
    assert clusters(torch.eye(4, device=device).expand(3, 4, 4)) == 3


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda A: gaugecheck(lambda A: A, A, symmetries=("sign",)), ValueError, "unknown symmetry 'sign'"),
        (lambda A: gaugecheck(lambda A: A, A, symmetries=()), ValueError, "no symmetry"),
        (lambda A: gaugecheck(lambda A: A, A, way="guess"), ValueError, "unknown way 'guess'"),
        (lambda A: gaugecheck(lambda A: A, A, tries=0), ValueError, "tries must be at least 1"),
        (lambda A: gaugecheck(lambda A: A, ()), ValueError, "needs a tensor"),
        (lambda A: gaugecheck(lambda A: A, (1, "two")), ValueError, "needs a tensor"),
        (lambda A: gaugecheck(lambda A: A, 3.0), TypeError, "inputs must be a tensor or a tuple"),
        (lambda A: gaugecheck("loss", A), TypeError, "fn must be callable, not str"),
        (lambda A: gaugecheck(lambda A: A.sum().item(), A), TypeError, "the result is a float"),
        (lambda A: gaugecheck(lambda A: None, A), TypeError, "the result is a NoneType"),
        (lambda A: gaugecheck(lambda A: {"loss": [A, 1.5]}, A), TypeError, r"the result\['loss'\]\[1\] is a float"),
        (lambda A: gaugecheck(lambda A: A, A, params=[A.detach()]), ValueError, r"params\[0\] must be"),
        (lambda A: gaugecheck(lambda A: A / A.nothing, A), AttributeError, "nothing"),
        (lambda A: eiglint.runtime.regauge("sign").__enter__(), ValueError, "unknown symmetry"),
        (lambda A: eiglint.runtime.regauge("phase", way="guess").__enter__(), ValueError, "unknown way"),
    ],
)
def test_bad_arguments_are_named(call, kind, message, draw, device):
    with pytest.raises(kind, match=message):
        call(draw(3, 3))


def test_an_error_of_the_decomposition_itself_passes_through(draw, device):
    with pytest.raises(RuntimeError, match="must be batches of square matrices"):
        gaugecheck(lambda A: eigh(A)[0], draw(3, 4))
    with pytest.raises(RuntimeError, match="at least 2 dimensions"):
        gaugecheck(lambda A: eigh(A)[0], draw(3))


def test_other_tensors_and_plain_values_may_stand_among_the_inputs(draw, device):
    A, b = draw(4, 4, kind="hermitian"), draw(4, 1, seed=2)
    assert gaugecheck(lambda A, b, power: (eigh(A)[1].mT @ b).abs() ** power, (A, b, 2))
