"""What a tape keeps, what it copies, and what it lets go."""

from __future__ import annotations

import copy
import gc
import weakref

import pytest
import torch

from eiglint.runtime.recording import Recording
from eiglint.runtime.replay import Replay, Root
from eiglint.runtime.tape import Tape

eigh = torch.linalg.eigh


def recorded(function, *inputs):
    """Run a function under a tape; give the tape and the result."""
    tape = Tape()
    with Recording(tape):
        result = function(*inputs)
    return tape, result


def calls(tape, result):
    """Name the recorded calls that lead to a result."""
    value = tape.cone.value_of(result)
    return [] if value is None else [step.site.call for step in tape.cut([value]).steps]


def repeated(tape, result):
    """Make the recorded calls again."""
    root = Root(tape.cone.value_of(result), result, None, None)
    replay = Replay(tape.cut(root.values()), [root])
    leaves = [leaf.detach().clone().requires_grad_(leaf.requires_grad) for leaf in replay.leaves]
    return replay(*leaves)[0], leaves


def assert_repeats(function, *inputs):
    tape, result = recorded(function, *inputs)
    assert tape.failure == ""
    again, _ = repeated(tape, result)
    assert torch.equal(again, result)
    assert again.requires_grad == result.requires_grad


def test_only_calls_that_depend_on_a_decomposition_are_kept(draw, device):
    def function(A):
        H = (A + A.mT) / 2
        V = eigh(H)[1]
        torch.ones(3, device=device).exp()
        return (V * A.sin()).sum()

    assert calls(*recorded(function, draw(4, 4))) == ["torch.linalg.eigh", "mul", "sum"]


def test_a_program_without_decomposition_leaves_the_tape_empty(draw, device):
    tape, result = recorded(lambda A: (A @ A).sum(), draw(4, 4))
    assert tape.cone.known == {}
    assert calls(tape, result) == []


def test_sizes_dtypes_and_printed_numbers_are_not_kept(draw, device):
    def function(A):
        V = eigh(A)[1]
        str(V), f"{V[0, 0].detach():.2f}", V.shape, V.dtype, len(V), V.size(0), V.requires_grad
        return V.sum()

    assert calls(*recorded(function, draw(4, 4))) == ["torch.linalg.eigh", "sum"]


def test_what_another_result_needs_is_left_out(draw, device):
    def function(A):
        V = eigh(A)[1]
        V.exp().cos()
        return V.abs().sum()

    assert calls(*recorded(function, draw(4, 4))) == ["torch.linalg.eigh", "abs", "sum"]


def test_tensors_are_found_in_lists_slices_and_keywords(draw, device):
    def function(A):
        L, V = eigh(A)
        place = L.argmax()
        picked = V[:, place : place + 1]
        return torch.stack([picked, V[:, [0]]]).sum() + torch.sum(input=V[None, ..., place])

    assert_repeats(function, draw(4, 4))


def test_a_tensor_that_a_call_hands_back_unchanged_stays_the_programs_own(draw, device):
    kept = torch.zeros(4, 4, dtype=torch.float64, device=device)

    def function(A):
        V, same = torch.atleast_2d(eigh(A)[1], kept)
        assert same is kept
        same += 1
        return (V * same).sum()

    tape, result = recorded(function, draw(4, 4))
    before = kept.clone()
    repeated(tape, result)
    assert torch.equal(kept, before)


def test_a_deep_copy_is_made_again(draw, device):
    assert_repeats(lambda A: (copy.deepcopy(eigh(A.detach())[1]) * A).sum(), draw(4, 4))


def write_rows(A):
    out = torch.zeros(4, 4, dtype=A.dtype, device=A.device)
    for row, v in enumerate(eigh(A)[1]):
        out[row] = v.square()
    return out.sum(0).prod()


def add_to_columns(A):
    out = torch.ones(4, 4, dtype=A.dtype, device=A.device)
    out[:, :2] += eigh(A)[1][:, :2]
    return out.square().cumsum(0).sum()


def write_through_an_older_view(A):
    out = torch.ones(4, 4, dtype=A.dtype, device=A.device)
    row = out[1]
    out.copy_(eigh(A)[1])
    return row.sum() * out.sum()


def write_to_a_copy_in_the_graph(A):
    out = (A * 2).clone()
    out[0].mul_(eigh(A)[1][0])
    return out.sum()


def read_before_it_is_written(A):
    V, out = eigh(A)[1], torch.ones(4, 4, dtype=A.dtype, device=A.device)
    first = V + out
    out += V
    return (first @ out).sum()


def reuse_a_buffer(A):
    V, buffer, total = eigh(A)[1], torch.ones(4, 4, dtype=A.dtype, device=A.device), 0
    for step in range(3):
        buffer.fill_(step)
        total = total + (V * buffer.sin()).sum() + (V @ buffer).sum()
    return total


def change_a_decomposition_in_place(A):
    L, V = eigh(A.detach())
    V[:, 0] *= 3
    V.mul_(L).sub_(1)
    return V.sum()


def write_with_out(A):
    L, V = torch.empty(0, dtype=A.dtype, device=A.device), torch.empty(0, dtype=A.dtype, device=A.device)
    torch.linalg.eigh(A.detach(), out=(L, V))
    target = torch.zeros(4, dtype=A.dtype, device=A.device)
    torch.mul(V[0], L, out=target)
    return target.sum()


def set_data(A):
    weight = torch.zeros(4, 4, dtype=A.dtype, device=A.device)
    weight.data = eigh(A)[1].detach()
    return (weight * A).sum()


def fill_a_parameter(A):
    layer = torch.nn.Linear(4, 4, dtype=A.dtype, device=A.device)
    with torch.no_grad():
        layer.weight.copy_(eigh(A)[1])
    return layer(A).sum()


WRITING = [
    write_rows,
    add_to_columns,
    write_through_an_older_view,
    write_to_a_copy_in_the_graph,
    read_before_it_is_written,
    reuse_a_buffer,
    change_a_decomposition_in_place,
    write_with_out,
    set_data,
    fill_a_parameter,
]


@pytest.mark.parametrize("function", WRITING)
def test_writing_in_place_is_repeated(function, draw, device):
    assert_repeats(function, draw(4, 4, kind="hermitian"))


@pytest.mark.parametrize("function", [add_to_columns, write_to_a_copy_in_the_graph, read_before_it_is_written])
def test_gradients_flow_through_what_was_written(function, draw, device):
    A = draw(4, 4, kind="hermitian")
    tape, result = recorded(function, A)
    (slope,) = torch.autograd.grad(result, A)
    again, leaves = repeated(tape, result)
    slopes = torch.autograd.grad(again, leaves)
    mine = sum(
        found if leaf.equal(A) else 2 * found  # the copy in the graph stands for 2 A
        for leaf, found in zip(leaves, slopes, strict=True)
    )
    assert torch.allclose(mine, slope)


def test_the_modes_of_each_call_are_found_again(draw, device):
    kind = torch.device(device).type

    def function(A):
        V = eigh(A)[1]
        with torch.no_grad():
            fixed = V.square()
        with torch.autocast(kind, dtype=torch.bfloat16):
            coarse = V @ V.detach().sin()
            assert coarse.dtype is torch.bfloat16
        return (coarse.float() * fixed).sum()

    assert_repeats(function, draw(4, 4, dtype=torch.float32))


def test_random_calls_are_repeated_in_any_order(draw, device):
    def function(A):
        V = eigh(A)[1]
        first = torch.dropout(V, 0.5, train=True)
        torch.rand(3, device=device)
        return (torch.dropout(first + 1, 0.5, train=True) * torch.rand_like(V)).sum()

    assert_repeats(function, draw(4, 4))


def test_a_generator_of_the_program_is_not_moved(draw, device):
    source = torch.Generator(device).manual_seed(3)

    def function(A):
        return torch.bernoulli(eigh(A)[1].square(), generator=source).sum() + 0 * A.sum()

    tape, result = recorded(function, draw(4, 4))
    before = source.get_state()
    again, _ = repeated(tape, result)
    assert torch.equal(again, result)
    assert torch.equal(source.get_state(), before)


def test_results_are_held_weakly_and_arguments_until_forget(draw, device):
    tape, weight = Tape(), torch.ones(4, 4, dtype=torch.float64, device=device)
    with Recording(tape):
        V = eigh(draw(4, 4, grad=False))[1]
        product = V * weight
    held, made = weakref.ref(weight), weakref.ref(product)
    del weight, product
    gc.collect()
    assert made() is None
    assert held() is not None
    tape.forget()
    gc.collect()
    assert held() is None


def test_what_nobody_can_reach_is_dropped_while_recording(draw, device):
    tape, A = Tape(), draw(3, 3, grad=False)
    first = weakref.ref(weight := torch.ones(3, 3, dtype=torch.float64, device=device))
    with Recording(tape):
        (eigh(A)[1] * weight).sum()
        del weight
        for _ in range(600):
            eigh(A)[1].square().sum()
    assert first() is None
    assert tape.failure == ""


def test_a_tape_that_grows_without_end_stops_and_says_so(draw, device, monkeypatch):
    monkeypatch.setattr("eiglint.runtime.tape._MOST_CALLS", 2000)
    tape = Tape()
    with Recording(tape):
        total = eigh(draw(3, 3))[1].sum()
        for _ in range(2100):
            total = total + 1
    assert "more than 2,000 calls" in tape.failure
    assert "test_tape.py" in tape.failure
    tape.forget()
    assert tape.failure == ""


def test_an_error_of_the_program_passes_through_and_spoils_nothing(draw, device):
    def function(A):
        V = eigh(A)[1]
        with pytest.raises(RuntimeError, match="shape"):
            V.reshape(5)
        return V.sum()

    assert calls(*recorded(function, draw(4, 4))) == ["torch.linalg.eigh", "sum"]


def test_a_fault_of_the_tape_leaves_the_program_alone(draw, device, monkeypatch):
    def broken(*_):
        raise KeyError("mine")

    monkeypatch.setattr("eiglint.runtime.tape.surroundings", broken)
    tape, result = recorded(lambda A: eigh(A)[1].abs().sum(), draw(4, 4))
    assert torch.isfinite(result)
    assert "KeyError" in tape.failure


def test_a_transform_of_torch_func_ends_the_tape(draw, device):
    tape, _ = recorded(lambda A: torch.func.vmap(lambda a: eigh(a)[1].abs())(A), draw(2, 4, 4, grad=False))
    assert "torch.func" in tape.failure
    tape, _ = recorded(lambda A: torch.func.vmap(torch.sin)(eigh(A)[1]), draw(4, 4, grad=False))
    assert "torch.func" in tape.failure
    tape, _ = recorded(lambda A: (eigh(A)[1], torch.func.vmap(torch.sin)(A)), draw(4, 4, grad=False))
    assert tape.failure == ""
