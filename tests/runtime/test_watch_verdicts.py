"""What a watch makes of a backward: rounding, a dependence, close values, and what it cannot see."""

from __future__ import annotations

import warnings

import pytest
import torch
from seen import only, sites_at, verdict
from torch.utils.flop_counter import FlopCounterMode

from eiglint.evidence.verdict import verdict_of
from eiglint.runtime import IllDefinedError, watch

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr
REFUSAL = "up to multiplication by e"

pytestmark = pytest.mark.filterwarnings("error:eiglint. a measurement")


def weights(like, *shape):
    numbers = torch.arange(1.0, torch.Size(shape or like.shape).numel() + 1, dtype=torch.float64)
    return torch.sin(numbers**2).reshape(shape or like.shape).to(like.device, like.real.dtype)


def moduli(V):
    return (V.abs().square() * weights(V)).sum()


def function_of(L, V):
    return ((V @ torch.diag(L.exp()).to(V) @ V.mH).real * weights(V)).sum()


def hermitian(draw, dtype=torch.complex128, seed=0):
    return draw(4, 4, kind="hermitian", dtype=dtype, seed=seed)


def equal_values(device, gap=0.0, dtype=torch.float64):
    """A symmetric matrix with eigenvalues 1, 1 + gap, 2, 4 in a basis that is not the axes."""
    basis = torch.linalg.qr(torch.sin(torch.arange(1.0, 17.0, dtype=torch.float64) ** 2).reshape(4, 4))[0]
    A = basis @ torch.diag(torch.tensor([1.0, 1.0 + gap, 2.0, 4.0], dtype=torch.float64)) @ basis.mT
    return ((A + A.mT) / 2).to(device, dtype).requires_grad_()


def mean_growth(device):
    """The smallest loss that torch refuses for rounding alone."""
    A = torch.tensor([[1.0, -2.0], [1.0, 1.0]], device=device, requires_grad=True)
    L, V = (part.to(torch.complex128) for part in eig(A))  # grows
    x = torch.linalg.solve(V, torch.tensor([1.0, 0.0], device=device, dtype=V.dtype))
    times = torch.linspace(0, 8, 5, device=device)
    return (V @ (torch.exp(L[:, None] * times) * x[:, None])).abs().square().mean()


# Rounding is named as such.


def test_a_refusal_for_rounding_is_called_rounding(device):
    with watch() as report, pytest.raises(RuntimeError, match=REFUSAL) as caught:
        mean_growth(device).backward()
    assert verdict(report) == "rounding"
    (note,) = caught.value.__notes__
    assert f"torch.linalg.eig at {__file__}:" in note
    assert "rounding, not a dependence on the phase" in note
    assert "repair" in note
    assert str(caught.value).startswith("linalg_eig_backward: ")


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_a_large_loss_is_no_dependence(dtype, draw, device):
    A = hermitian(draw, dtype)
    with watch() as report:
        try:
            (1e12 * function_of(*eigh(A))).backward()
        except RuntimeError as error:
            assert REFUSAL in str(error)  # noqa: PT017 - torch may or may not refuse
    assert verdict(report) in ("rounding", "well-defined")


def test_a_loss_that_no_phase_moves_is_well_defined(draw, device):
    for loss in (
        lambda A: function_of(*eigh(A)),
        lambda A: moduli(svd(A).U),
        lambda A: (svd(A).U @ svd(A).Vh).real.sum(),
    ):
        with watch() as report:
            loss(hermitian(draw)).backward()
        assert {verdict_of(site) for site in report.evidence().sites} == {"well-defined"}


# A dependence is named, also where torch is silent.


def test_a_refusal_of_a_dependence_is_explained(draw, device):
    for decompose, name in ((eigh, "torch.linalg.eigh"), (eig, "torch.linalg.eig"), (svd, "torch.linalg.svd")):
        with watch() as report, pytest.raises(RuntimeError, match=REFUSAL) as caught:
            sum(part.real.sum() for part in decompose(hermitian(draw))).backward()
        assert verdict(report) == "phase-dependent"
        assert (only(report).refused, only(report).backwards) == (1, 1)
        (note,) = caught.value.__notes__
        assert note.startswith(f"eiglint: {name} at {__file__}:")
        assert "the loss depends on the arbitrary phase" in note


def small(loss):
    loss.mul(1e-3).backward()


def counted(loss):
    with FlopCounterMode(display=False):
        loss.backward()


@pytest.mark.parametrize("how", [small, counted], ids=["small", "under a dispatch mode"])
@pytest.mark.parametrize("decompose", [eigh, eig], ids=["eigh", "eig"])
def test_a_wrong_gradient_that_torch_lets_pass_is_reported(how, decompose, draw, device):
    with watch() as report:
        how(decompose(hermitian(draw)).eigenvectors.real.sum())
    site = only(report)
    assert verdict_of(site) == "phase-dependent"
    assert (site.refused, site.backwards) == (0, 1)


def test_a_wrong_gradient_of_torch_func_is_reported(draw, device):
    A = hermitian(draw).detach()
    for transform, matrix in (
        (torch.func.grad(lambda A: eigh(A)[1].real.sum()), A),
        (torch.func.vmap(torch.func.grad(lambda A: eigh(A)[1].real.sum())), torch.stack([A, A])),
    ):
        with watch() as report:
            transform(matrix)
        assert verdict(report) == "phase-dependent"


def test_complex_q_is_reported_although_torch_never_checks_it(draw, device):
    with watch() as report:
        qr(draw(4, 4, dtype=torch.complex128)).Q.real.sum().backward()
    assert verdict(report) == "phase-dependent"


def test_one_dependent_backward_among_many_is_enough(draw, device):
    A = hermitian(draw)
    with watch(thin=False) as report:
        for step in range(20):
            V = eigh(A).eigenvectors
            (moduli(V) + (1e-3 * V.real.sum() if step == 13 else 0)).backward()
    assert verdict(report) == "phase-dependent"


def test_a_refusal_in_a_thinned_backward_is_explained_too(draw, device):
    A = hermitian(draw)

    def train():
        for step in range(20):
            V = eigh(A).eigenvectors
            (V.real.sum() if step == 18 else moduli(V)).backward()

    with watch() as report, pytest.raises(RuntimeError, match=REFUSAL) as caught:
        train()
    site = only(report)
    assert (site.backwards, site.refused) == (19, 1)
    assert verdict_of(site) == "phase-dependent"
    assert "the loss depends on the arbitrary phase" in caught.value.__notes__[0]


def test_a_share_between_rounding_and_dependence_is_unsettled(draw, device):
    A = hermitian(draw, torch.complex64)
    with watch() as report:
        V = eigh(A).eigenvectors
        (moduli(V) + 3e-4 * V.real.sum()).backward()
    assert 1e3 * 2**-23 < only(report).phase_residual < 1e-3
    assert verdict(report) == "unsettled"


# NaN is no phase.


def test_nan_from_downstream_is_not_called_a_phase_error(draw, device):
    for bad in (float("nan"), float("inf")):
        with watch() as report, pytest.raises(RuntimeError, match=REFUSAL) as caught:
            (eigh(hermitian(draw)).eigenvectors.abs() * bad).sum().backward()
        assert verdict(report) == "nonfinite-input"
        assert only(report).refused == 1
        (note,) = caught.value.__notes__
        assert "already holds NaN or infinity, so this is no phase error" in note


def test_nan_that_passes_silently_through_real_vectors_is_named(draw, device):
    with watch() as report:
        (eigh(draw(4, 4)).eigenvectors * float("nan")).sum().backward()
    assert verdict(report) == "nonfinite-input"


def test_only_the_first_decomposition_that_makes_nan_is_blamed(device):
    A = torch.eye(3, dtype=torch.float64, device=device).requires_grad_()
    with watch() as report:
        inner = svd(A + torch.diag(torch.arange(3.0, device=device))).U  # upstream
        V = eigh(inner * 0 + torch.eye(3, dtype=A.dtype, device=device)).eigenvectors  # equal values
        (V * weights(V)).sum().backward()
    assert [verdict_of(site) for site in sites_at(report, "# equal values")] == ["degenerate"]
    assert [verdict_of(site) for site in sites_at(report, "# upstream")] == ["nonfinite-input"]


# Equal and close values.


@pytest.mark.parametrize(
    ("gap", "dtype", "expected"),
    [
        (0.0, torch.float64, "degenerate"),
        (1e-14, torch.float64, "degenerate"),
        (1e-10, torch.float64, "unsettled"),
        (1e-6, torch.float32, "degenerate"),
        (1e-2, torch.float32, "unsettled"),
    ],
)
def test_values_that_meet_are_degenerate(gap, dtype, expected, device):
    A = equal_values(device, gap, dtype)
    with watch() as report:
        function_of(*eigh(A)).backward()
    assert verdict(report) == expected
    assert only(report).nonfinite == "none"


def test_equal_values_that_make_nan_are_degenerate(device):
    with watch() as report:
        function_of(*eigh(torch.eye(4, dtype=torch.float64, device=device, requires_grad=True))).backward()
    assert verdict(report) == "degenerate"
    assert only(report).nonfinite == "here"


def test_values_alone_may_meet(device):
    A = torch.eye(4, dtype=torch.float64, device=device, requires_grad=True)
    with watch() as report:
        (torch.linalg.eigvalsh(A).square().sum() + torch.linalg.matrix_norm(A, "nuc")).backward()
    assert {verdict_of(site) for site in report.evidence().sites} == {"well-defined"}


# What a gradient does not show.


@pytest.mark.parametrize("sound", [True, False])
def test_real_signs_are_unsettled_whatever_the_loss(sound, draw, device):
    for loss in (
        lambda A: moduli(eigh(A)[1]) if sound else eigh(A)[1].sum(),
        lambda A: moduli(svd(A).U) if sound else svd(A).U.sum(),
        lambda A: moduli(qr(A).Q) if sound else qr(A).Q.sum(),
    ):
        with watch() as report:
            loss(draw(4, 4)).backward()
        assert verdict(report) == "unsettled"


def test_the_order_of_eig_is_unsettled_whatever_the_loss(draw, device):
    for loss in (lambda A: eig(A)[0][0].abs(), lambda A: eig(A)[0].abs().sum(), lambda A: moduli(eig(A)[1])):
        with watch() as report:
            loss(draw(4, 4, dtype=torch.complex128)).backward()
        assert verdict(report) == "unsettled"


def test_real_vectors_of_eig_are_unsettled(draw, device):
    with watch() as report:
        eig(draw(4, 4, kind="hermitian")).eigenvectors.real.sum().backward()
    assert only(report).blind
    assert verdict(report) == "unsettled"


def test_what_was_never_differentiated_is_said_to_be_so(draw, device):
    with watch() as report:
        eigh(draw(4, 4))
    assert verdict(report) == "not-differentiated"


def test_the_analysis_of_the_file_settles_real_signs(draw, device):
    A = draw(4, 4, kind="hermitian")
    with watch() as report:
        L, V = eigh(A)  # proved by the analysis
        (V @ torch.diag(L.exp()) @ V.mT).sum().backward()
        eigh(A).eigenvectors.sum().backward()  # found by the analysis
    joined = {site.line: site for site in report.sites}
    (proved,), (found,) = (sites_at(report, mark) for mark in ("# proved by", "# found by"))
    assert verdict_of(proved) == verdict_of(found) == "unsettled"
    assert joined[proved.line].verdict == "well-defined"
    assert joined[found.line].verdict == "unsettled"
    assert [finding.finding.code for finding in joined[found.line].findings] == ["EIG102"]
    assert "well-defined" in str(report)


# At once.


def test_a_warning_comes_once_per_line_at_the_line_of_the_decomposition(draw, device):
    A = hermitian(draw)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with watch(on_finding="warn") as report:
            for _ in range(3):
                small(eigh(A).eigenvectors.real.sum())  # first line
                small(eig(A).eigenvectors.real.sum())  # second line
                moduli(eigh(A).eigenvectors).backward()
    lines = [only_site.line for mark in ("# first line", "# second line") for only_site in sites_at(report, mark)]
    assert [(warning.filename, warning.lineno) for warning in caught] == [(__file__, line) for line in lines]
    assert all(issubclass(warning.category, UserWarning) for warning in caught)
    assert "the loss depends on the arbitrary phase" in str(caught[0].message)
    assert [site.backwards for mark in ("# first line", "# second line") for site in sites_at(report, mark)] == [3, 3]


def test_a_warning_comes_before_torchs_own_error(draw, device):
    with (
        pytest.warns(UserWarning, match="arbitrary phase"),
        pytest.raises(RuntimeError, match=REFUSAL),
        watch(on_finding="warn"),
    ):
        eigh(hermitian(draw)).eigenvectors.real.sum().backward()


def test_close_values_warn_after_the_backward(device):
    A = torch.eye(3, dtype=torch.float64, device=device, requires_grad=True)
    with pytest.warns(UserWarning, match="finite gradients arrive and NaN or infinity leaves"), watch("warn"):
        function_of(*eigh(A)).backward()
    assert A.grad.isnan().any()
    A = equal_values(device, 1e-7, torch.float32)
    with pytest.warns(UserWarning, match=r"the gradient keeps about (0 digits|1 digit): "), watch("warn"):
        function_of(*eigh(A)).backward()


@pytest.mark.parametrize(
    "how", [torch.Tensor.backward, small, counted], ids=["plainly", "where torch is silent", "where torch cannot see"]
)
def test_raise_names_the_line_of_the_decomposition(how, draw, device):
    A = hermitian(draw)
    with watch(on_finding="raise") as report, pytest.raises(IllDefinedError) as caught:
        how(eigh(A).eigenvectors.real.sum())  # the culprit
    (site,) = sites_at(report, "# the culprit")
    assert f"torch.linalg.eigh at {__file__}:{site.line}" in str(caught.value)
    assert (site.backwards, site.refused) == (1, 0)
    assert verdict_of(site) == "phase-dependent"
    assert A.grad is None


def test_raise_stops_where_nan_is_made_but_not_where_it_arrives(draw, device):
    A = torch.eye(3, dtype=torch.float64, device=device, requires_grad=True)
    with pytest.raises(IllDefinedError, match="values meet here"), watch(on_finding="raise") as report:
        function_of(*eigh(A)).backward()
    assert A.grad is None
    assert verdict(report) == "degenerate"
    with watch(on_finding="raise") as report:
        (eigh(draw(4, 4)).eigenvectors * float("nan")).sum().backward()
    assert verdict(report) == "nonfinite-input"


def test_raise_lets_everything_pass_that_is_not_wrong(draw, device):
    with watch(on_finding="raise") as report:
        moduli(eigh(hermitian(draw)).eigenvectors).backward()
        eigh(draw(4, 4)).eigenvectors.sum().backward()
        torch.linalg.eigvalsh(torch.eye(3, device=device, requires_grad=True)).sum().backward()
    assert len(report.evidence().sites) == 3


def test_rounding_raises_torchs_own_error_under_raise(device):
    with watch(on_finding="raise"), pytest.raises(RuntimeError, match=REFUSAL) as caught:
        mean_growth(device).backward()
    assert not isinstance(caught.value, IllDefinedError)


def test_raise_works_in_another_thread_and_in_a_checkpoint(draw, device):
    from concurrent.futures import ThreadPoolExecutor

    from torch.utils.checkpoint import checkpoint

    A = hermitian(draw)
    with watch(on_finding="raise"), ThreadPoolExecutor(1) as pool, pytest.raises(IllDefinedError):
        pool.submit(lambda: small(eigh(A).eigenvectors.real.sum())).result()
    for reentrant in (False, True):
        with watch(on_finding="raise"), pytest.raises(IllDefinedError):
            small(checkpoint(lambda A: eigh(A).eigenvectors, A, use_reentrant=reentrant).real.sum())
