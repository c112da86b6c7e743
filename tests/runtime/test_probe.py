"""A loss that a program differentiates is repeated in other gauges, and its lines are judged."""

from __future__ import annotations

import inspect
import random

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from eiglint.runtime.probe import Probed, probe
from eiglint.runtime.reach import carried
from eiglint.runtime.recording import Recording
from eiglint.runtime.tape import Tape

eigh = torch.linalg.eigh


def probed(function, *inputs):
    """Probe the loss that a function returns, or several of them."""
    tape = Tape()
    recording = Recording(tape)
    with carried(recording), recording:
        found = function(*inputs)
    losses = [found] if isinstance(found, torch.Tensor) else list(found)
    return probe(tape, losses, [None] * len(losses))


def answers(function, *inputs):
    """Give the answers of all lines together, by symmetry, in the order of the lines."""
    result = probed(function, *inputs)
    assert result.failure == "", result.failure
    together: dict[str, list[str]] = {}
    for site in sorted(result.verdicts):
        for symmetry, answer in result.verdicts[site].items():
            together.setdefault(symmetry, []).append(answer)
    return {symmetry: " ".join(found) for symmetry, found in together.items()}


def uneven(like, *shape):
    """Fixed weights that are affine in no index."""
    count = torch.Size(shape).numel()
    return torch.sin(torch.arange(1.0, count + 1, dtype=torch.float64) ** 2).reshape(shape).to(like)


def features_of(A):
    return torch.tanh((eigh(A)[1] * uneven(A, 4, 4)).sum(0)).sum()


def weights_of_a_vector(A):
    return (eigh(A)[1].square() * uneven(A, 4, 4)).sum()


def scores_against_a_target(A):
    X = A - uneven(A, 4)
    Vh = torch.linalg.svd(X, full_matrices=False).Vh
    return F.mse_loss((X @ Vh.mT)[:, :2], uneven(A, 4, 2))


def distance_to_a_subspace(A):
    U = torch.linalg.svd(A).U[:, :2]
    return ((U @ U.mT - uneven(A, 4, 4)) ** 2).mean()


def aligned(A):
    U, _, Vh = torch.linalg.svd(uneven(A, 3, 6) @ (uneven(A, 3, 6) * 2 + A[:3, :1]).mT)
    last = torch.det(U @ Vh).sign()
    R = U @ torch.diag(torch.stack([torch.ones_like(last), torch.ones_like(last), last])) @ Vh
    return ((R @ A[:3, :3] - uneven(A, 3, 3)) ** 2).sum()


def flipped_by_the_largest_entry(A):
    V = eigh(A)[1]
    top = V.abs().argmax(0, keepdim=True)
    return (V * V.gather(0, top).sign() * uneven(A, 4, 4)).sum()


def several_rounds(A):
    total = A.new_zeros(())
    for scale in (1.0, 2.0, 3.0):
        L, V = eigh(A * scale + A @ A)
        A = (V * L.tanh()) @ V.mT
        total = total + (A * uneven(A, 4, 4)).sum()
    return total


def triangular(A):
    Q, R = torch.linalg.qr(A)
    return R.diagonal().abs().log().sum() + (Q @ R * uneven(A, 4, 4)).sum()


def vectors_through_a_layer(A):
    torch.manual_seed(0)
    layer = nn.Linear(4, 3).to(A)
    return layer(eigh(A)[1]).square().sum()


def squares_through_batch_norm(A):
    norm = nn.BatchNorm1d(4).to(A)
    first = norm(eigh(A)[1].square())
    return (first * uneven(A, 4, 4)).sum() + (norm.running_mean * uneven(A, 4)).sum()


def squares_through_dropout(A):
    return (F.dropout(eigh(A)[1].square(), 0.5) * torch.rand_like(A) * uneven(A, 4, 4)).sum()


def filtered_by_diagonal_weights(A):
    weights = uneven(A, 4).requires_grad_()
    V = eigh(A)[1]
    return (V @ torch.diag(weights.exp()) @ V.mT * uneven(A, 4, 4)).sum()


def columns_written_one_by_one(A):
    out = torch.zeros_like(A)
    for place, v in enumerate(eigh(A)[1].mT):
        out[:, place] += v * v
    return (out * uneven(A, 4, 4)).sum()


REAL = [
    (features_of, "moves"),
    (weights_of_a_vector, "stays"),
    (scores_against_a_target, "moves"),
    (distance_to_a_subspace, "stays"),
    (aligned, "stays"),
    (flipped_by_the_largest_entry, "stays"),
    (several_rounds, "stays"),
    (triangular, "stays"),
    (vectors_through_a_layer, "moves"),
    (squares_through_batch_norm, "stays"),
    (squares_through_dropout, "stays"),
    (columns_written_one_by_one, "stays"),
    (filtered_by_diagonal_weights, "stays"),
]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("function", "answer"), REAL)
def test_signs(function, answer, dtype, draw, device):
    assert answers(function, draw(4, 4, kind="hermitian", dtype=dtype)) == {"phase": answer}


def first_pair(A):
    L, V = torch.linalg.eig(A)
    return V[:, 0].abs().square()[0] + L[0].abs()


def sum_of_all_values(A):
    return torch.linalg.eigvals(A).abs().square().sum()


def pair_of_largest_modulus(A):
    L, V = torch.linalg.eig(A)
    best = torch.argsort(L.real + 0.1 * L.imag)[-1]
    return (V[:, best].abs() * uneven(A, 4).abs()).sum() + L[best].abs()


def real_part(A):
    return (torch.linalg.eig(A)[1].real * uneven(A, 4, 4)).sum()


ORDERED = [
    (first_pair, {"phase": "stays", "order": "moves"}),
    (sum_of_all_values, {"order": "stays"}),
    (pair_of_largest_modulus, {"phase": "stays", "order": "stays"}),
    (real_part, {"phase": "moves", "order": "moves"}),
]


@pytest.mark.parametrize(("function", "expected"), ORDERED)
def test_order_of_pairs(function, expected, draw, device):
    assert answers(function, draw(4, 4)) == expected


def test_a_phase_is_found_where_its_first_derivative_vanishes(draw, device):
    A = torch.diag(torch.arange(1.0, 5, dtype=torch.float64)).to(device) + 0.1 * draw(4, 4, grad=False)
    A.requires_grad_()
    (torch.linalg.eig(A).eigenvectors.real * uneven(A, 4, 4)).sum().backward()  # torch is silent
    assert answers(real_part, A)["phase"] == "moves"


def test_bases_inside_equal_values(draw, device):
    A = torch.diag(torch.tensor([1.0, 1.0, 2.0, 3.0], dtype=torch.float64, device=device)).requires_grad_()
    kept = answers(lambda A: (eigh(A)[1][:, :2].square().sum(1) * uneven(A, 4)).sum(), A)
    assert kept == {"phase": "stays", "rotation": "stays"}
    assert answers(weights_of_a_vector, A) == {"phase": "stays", "rotation": "moves"}


def test_a_gradient_moves_where_the_value_is_zero_in_every_gauge(draw, device):
    def function(A, weight):
        return (eigh(A)[1] @ weight * uneven(A, 4)).sum()

    def from_a_hidden_weight(A, weight):
        return function(A, weight * 1)

    weight = torch.zeros(4, dtype=torch.float64, device=device, requires_grad=True)
    matrix = draw(4, 4, grad=False)
    assert answers(function, matrix, weight) == {"phase": "moves"}
    assert answers(from_a_hidden_weight, matrix, weight) == {"phase": "no verdict"}


def test_a_gradient_that_depends_on_what_was_cut_off_allows_no_verdict(draw, device):
    def function(A):
        squared = A.mT @ A
        V = eigh(A.mT + A)[1]
        commuting = (A.mT + A) @ (A.mT + A)
        return (V.mT @ commuting @ V * uneven(A, 4, 4)).sum() + squared.trace()

    result = probed(function, draw(4, 4))
    assert [dict(found) for found in result.verdicts.values()] == [{"phase": "no verdict"}]
    assert "was not followed" in result.reasons["phase"]


def test_each_line_is_judged_by_itself(draw, device):
    def function(A):
        V = eigh(A)[1]
        W = eigh(A @ A + (V[:, :2] @ V[:, :2].mT))[1]
        return (W * uneven(A, 4, 4)).sum() + V[0].square()[0]

    first = inspect.getsourcelines(function)[1] + 1
    result = probed(function, draw(4, 4, kind="hermitian"))
    assert {(site.path, site.line, site.call): dict(found) for site, found in result.verdicts.items()} == {
        (__file__, first, "torch.linalg.eigh"): {"phase": "stays"},
        (__file__, first + 1, "torch.linalg.eigh"): {"phase": "moves"},
    }


def test_lines_that_decompose_the_same_matrix_are_judged_together(draw, device):
    def function(A):
        V, again = eigh(A)[1], None
        again = eigh(A + 0)[1]
        return (V * again * uneven(A, 4, 4)).sum() + (eigh(A @ A)[1] * uneven(A, 4, 4)).sum()

    result = probed(function, draw(4, 4, kind="hermitian"))
    assert [result.verdicts[site]["phase"] for site in sorted(result.verdicts)] == ["stays", "stays", "moves"]


def test_other_losses_of_a_program_do_not_count(draw, device):
    def function(A):
        V = eigh(A)[1]
        (V * uneven(A, 4, 4)).sum()
        return V.square()[0, 0]

    assert answers(function, draw(4, 4)) == {"phase": "stays"}


def test_several_losses_count_together(draw, device):
    def function(A):
        V = eigh(A)[1]
        return V.square()[0, 0], V[0, 0] * V[1, 1] * 2

    assert answers(function, draw(4, 4)) == {"phase": "moves"}


def test_a_given_gradient_weighs_the_loss(draw, device):
    tape, A = Tape(), draw(4, 4, kind="hermitian")
    with Recording(tape):
        V = eigh(A)[1]
        weight = V.detach() * uneven(A, 4, 4)
        loss = V * 1.0
    (own,) = probe(tape, [loss], [weight]).verdicts.values()
    (fixed,) = probe(tape, [loss], [uneven(A, 4, 4)]).verdicts.values()
    assert (own["phase"], fixed["phase"]) == ("stays", "moves")


def test_a_loss_without_decomposition_has_nothing_to_say(draw, device):
    assert probed(lambda A: (A @ A).sum(), draw(3, 3)) == Probed()
    assert probed(lambda A: (eigh(A)[1].sum(), A.sum())[1:], draw(3, 3)) == Probed()


def branch_on_a_sign(A):
    V = eigh(A)[1]
    if V[0, 0].item() > 0:
        V = -V
    return (V[:, 0] * uneven(A, 4)).sum()


def branch_on_a_value(A):
    L, V = eigh(A)
    if L[0] > 0 or float(L[-1]) < 0 or int((L > 0).sum()) > 5:
        V = -V
    return (V.square() * uneven(A, 4, 4)).sum()


def print_after_the_loss(A):
    loss = (eigh(A)[1] * uneven(A, 4, 4)).sum()
    print(loss.item(), loss.tolist())
    return loss


def pick_by_a_python_number(A):
    L, V = torch.linalg.eig(A)
    return (V[:, int(L.abs().argmax())].abs() * uneven(A, 4)).sum()


def pass_through_numpy(A):
    V = eigh(A)[1]
    fixed = torch.from_numpy(V.detach().cpu().numpy()).to(A.device)
    return (V * fixed * uneven(A, 4, 4)).sum()


def keep_those_above_a_number(A):
    V = eigh(A)[1]
    return V[V > 0].square().sum()


def test_a_number_that_left_torch_and_moves_allows_no_verdict(draw, device):
    result = probed(branch_on_a_sign, draw(4, 4, kind="hermitian"))
    assert [dict(found) for found in result.verdicts.values()] == [{"phase": "no verdict"}]
    line = inspect.getsourcelines(branch_on_a_sign)[1] + 2
    assert f"item at {__file__}:{line} depends on signs or phases" in result.reasons["phase"]
    assert answers(pass_through_numpy, draw(4, 4, kind="hermitian")) == {"phase": "no verdict"}
    A = torch.diag(torch.arange(1.0, 5, dtype=torch.float64)).to(device) + 0.1 * draw(4, 4, grad=False)
    assert answers(pick_by_a_python_number, A.requires_grad_()) == {"phase": "stays", "order": "no verdict"}


def test_numbers_that_stay_do_no_harm(draw, device):
    assert answers(branch_on_a_value, draw(4, 4, kind="hermitian")) == {"phase": "stays"}


def test_numbers_read_after_the_loss_do_not_matter(draw, device):
    assert answers(print_after_the_loss, draw(4, 4, kind="hermitian")) == {"phase": "moves"}


def test_a_size_that_moves_allows_no_verdict(draw, device):
    result = probed(keep_those_above_a_number, draw(4, 4, kind="hermitian"))
    assert [dict(found) for found in result.verdicts.values()] == [{"phase": "no verdict"}]
    assert "the size of what __getitem__ at" in result.reasons["phase"]


class Doubled(torch.autograd.Function):
    """A function whose backward only its author knows."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2


def test_a_function_with_a_backward_of_its_own_is_not_repeated(draw, device):
    middle = probed(lambda A: (Doubled.apply(eigh(A)[1]) * uneven(A, 4, 4)).sum(), draw(4, 4))
    last = probed(lambda A: Doubled.apply(eigh(A)[1].sum()), draw(4, 4))
    assert "autograd.Function Doubled" in middle.failure
    assert "autograd.Function Doubled" in last.failure
    assert middle.verdicts == {}


def test_a_function_before_the_decomposition_does_not_matter(draw, device):
    assert answers(lambda A: weights_of_a_vector(Doubled.apply(A)), draw(4, 4)) == {"phase": "stays"}


def test_scripted_code_is_not_repeated(draw, device):
    scripted = torch.jit.trace(lambda A: torch.linalg.eigh(A)[1].square(), draw(4, 4, grad=False))
    whole = probed(lambda A: scripted(A).sum(), draw(4, 4))
    part = probed(lambda A: (scripted(A) * eigh(A)[1].square()).sum(), draw(4, 4))
    assert "not recorded" in whole.failure
    assert f"mul at {__file__}:" in part.failure
    assert "depends on a decomposition" in part.failure


def test_vectors_from_out_of_sight_are_noticed_before_anything_is_done_with_them(draw, device):
    def function(A):
        with torch._C.DisableTorchFunction():
            V = eigh(A)[1]
        return (V * eigh(A @ A)[1].square()).sum()

    assert "depends on a decomposition" in probed(function, draw(4, 4)).failure


def test_values_alone_out_of_sight_do_not_matter(draw, device):
    def function(A):
        scale = torch.linalg.svdvals(A).sum() + torch.linalg.eigvalsh(A).sum()
        return (eigh(A * scale)[1].square() * uneven(A, 4, 4)).sum() * scale

    assert answers(function, draw(4, 4)) == {"phase": "stays"}


def test_a_constant_changed_out_of_sight_is_named(draw, device):
    hidden = torch.jit.trace(lambda x: x.add_(1), torch.zeros(4, 4, dtype=torch.float64, device=device))
    buffer = torch.ones(4, 4, dtype=torch.float64, device=device)

    def function(A):
        loss = (eigh(A)[1] * buffer).sum()
        hidden(buffer)
        return loss

    result = probed(function, draw(4, 4))
    line = inspect.getsourcelines(function)[1] + 1
    assert f"(4x4, float64) that mul at {__file__}:{line} read was changed in place" in result.failure


def test_a_gradient_inside_the_program_is_repeated(draw, device):
    def function(A):
        V = eigh(A)[1]
        (slope,) = torch.autograd.grad((V.square() * uneven(A, 4, 4)).sum(), A, create_graph=True)
        return slope.square().sum()

    assert answers(function, draw(4, 4, kind="hermitian")) == {"phase": "stays"}


def test_a_gradient_that_reaches_beyond_the_matrix_is_not_repeated(draw, device):
    def function(A):
        V = eigh(A @ A.mT)[1]
        (slope,) = torch.autograd.grad((V.square() * uneven(A, 4, 4)).sum(), A, create_graph=True)
        return slope.square().sum()

    assert "failed when it was repeated" in probed(function, draw(4, 4)).failure


def test_a_forward_pass_in_another_thread_is_part_of_the_tape(draw, device):
    from concurrent.futures import ThreadPoolExecutor

    def function(A):
        with ThreadPoolExecutor(2) as pool:
            return sum(pool.map(lambda scale: weights_of_a_vector(scale * A), (1.0, 2.0)))

    assert answers(function, draw(4, 4)) == {"phase": "stays"}


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpoints(reentrant, draw, device):
    from torch.utils.checkpoint import checkpoint

    def function(A):
        return checkpoint(features_of, A, use_reentrant=reentrant)

    result = probed(function, draw(4, 4))
    if reentrant:
        assert "autograd.Function CheckpointFunction" in result.failure
    else:
        assert [dict(found) for found in result.verdicts.values()] == [{"phase": "moves"}]


def test_iterative_solvers_are_refused_in_words(draw, device):
    def function(A):
        return (torch.lobpcg(A @ A.mT + 5 * torch.eye(9).to(A), k=2)[1]).sum()

    assert "torch.lobpcg" in probed(function, draw(9, 9)).failure


def test_low_rank_decompositions_are_known_by_their_own_line(draw, device):
    def function(A):
        U, S, V = torch.svd_lowrank(A, 2)
        return ((U * S) @ V.mT * uneven(A, 4, 4)).sum()

    result = probed(function, draw(4, 4))
    assert {(site.line, site.call) for site in result.verdicts} == {
        (inspect.getsourcelines(function)[1] + 1, "torch.svd_lowrank")
    }
    assert [dict(found) for found in result.verdicts.values()] == [{"phase": "stays"}]


def test_two_steps_of_training_are_probed_at_their_own_backward(draw, device):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.BatchNorm1d(4), nn.Dropout(0.3)).double().to(device)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    X, seen, tape = draw(6, 4, grad=False), [], Tape()
    for fixed in (True, False):
        with Recording(tape):
            optimizer.zero_grad()
            H = model(X)
            V = eigh(H.mT @ H + torch.diag(torch.arange(4.0)).to(X))[1]
            loss = (V.square() * uneven(X, 4, 4)).sum() if fixed else (V * uneven(X, 4, 4)).sum()
        seen.append(probe(tape, [loss], [None]))
        with Recording(tape):
            loss.backward()
            tape.forget()
            optimizer.step()
    assert [found.failure for found in seen] == ["", ""]
    assert [[dict(entry) for entry in found.verdicts.values()] for found in seen] == [
        [{"phase": "stays"}],
        [{"phase": "moves"}],
    ]


def test_the_program_goes_on_as_if_nothing_had_been_repeated(draw, device):
    def step(watched):
        torch.manual_seed(2)
        random.seed(2)
        fired, A, tape = [], draw(4, 4, kind="hermitian"), Tape()
        norm = nn.BatchNorm1d(4).double().to(device)
        buffer = torch.zeros(4, 4, dtype=torch.float64, device=device)
        with Recording(tape):
            V = eigh(A)[1]
            V.register_hook(lambda g: fired.append(g.sum().item()))
            A.register_hook(lambda g: fired.append(g.sum().item()))
            buffer[:2] += V[:2]
            loss = (F.dropout(norm(V), 0.5) * buffer).sum() + random.random()
        if watched:
            assert probe(tape, [loss], [None]).failure == ""
        loss.backward()
        return [loss, A.grad, buffer, norm.running_mean, norm.weight.grad, torch.rand(2), torch.tensor(fired)], (
            random.random()
        )

    plain, watched = step(False), step(True)
    assert all(torch.equal(one, other) for one, other in zip(plain[0], watched[0], strict=True))
    assert plain[1] == watched[1]


def test_under_autocast_the_modes_of_the_backward_do_not_matter(draw, device):
    kind = torch.device(device).type
    tape, A = Tape(), draw(4, 4, kind="hermitian", dtype=torch.float32)
    with Recording(tape), torch.autocast(kind, dtype=torch.bfloat16):
        V = eigh(A)[1]
        loss = (V.square() * uneven(A, 4, 4)).sum() + (V @ V.mT).float().sum()
        with torch.no_grad():
            result = probe(tape, [loss], [None])
    assert result.failure == ""
    assert [dict(found)["phase"] for found in result.verdicts.values()] == ["stays"]


def test_a_tape_that_stopped_says_why(draw, device):
    def function(A):
        torch.func.vmap(eigh)(A.detach()[None])
        return eigh(A)[1].sum()

    assert "torch.func" in probed(function, draw(4, 4)).failure
