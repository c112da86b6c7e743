"""A watch changes nothing in the program that it watches, and leaves nothing behind."""

from __future__ import annotations

import gc
import importlib
import sys
import threading
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from left import assert_nothing_is_left, squares
from seen import only, site_at, text_of, verdict
from torch import nn

from eiglint.runtime import IllDefinedError, watch

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr

pytestmark = pytest.mark.filterwarnings("error:eiglint")


class Network(nn.Module):
    """A layer, dropout, and one decomposition of what comes out."""

    def __init__(self, decompose):
        super().__init__()
        self.first, self.second = nn.Linear(5, 16), nn.Linear(4, 4)
        self.dropout, self.decompose = nn.Dropout(0.3), decompose

    def forward(self, x):
        A = self.second(self.dropout(torch.tanh(self.first(x))).reshape(-1, 4, 4))
        parts = self.decompose(A + A.mT if self.decompose is eigh else A)
        return sum(squares(part) if part.shape[-2] == 4 else part.abs().square().sum() for part in parts)


def trained(decompose, device, steps=12):
    torch.manual_seed(5)
    network = Network(decompose).to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = network(torch.randn(3, 5, device=device))
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    gradients = [parameter.grad for parameter in network.parameters()]
    return [*losses, *gradients, *(parameter.detach() for parameter in network.parameters()), torch.get_rng_state()]


@pytest.mark.parametrize("options", [{}, {"thin": False}, {"on_finding": "warn"}, {"on_roundoff": "repair"}], ids=str)
@pytest.mark.parametrize("decompose", [eig, eigh, svd], ids=["eig", "eigh", "svd"])
def test_training_is_the_same_to_the_last_bit(decompose, options, device):
    plain = trained(decompose, device)
    with watch(**options) as report:
        watched = trained(decompose, device)
    assert all(torch.equal(before, after) for before, after in zip(plain, watched, strict=True))
    site = only(report)
    assert (site.calls, site.backwards, site.exercised) == (12, 12, 12)
    assert site.sampled == (12 if options else 8)
    assert_nothing_is_left()


class Mark:
    """Something whose end can be seen."""


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("decompose", [eig, eigh, svd, qr], ids=["eig", "eigh", "svd", "qr"])
def test_nothing_is_held_nor_left_behind(decompose, raises, draw, device):
    held = []

    def work():
        A = draw(4, 4, kind="hermitian")
        parts = decompose(A)
        loss = sum(squares(part.unsqueeze(-1)) for part in parts)
        loss.backward()
        node, mark = parts[0].grad_fn, Mark()
        node.metadata["mark"] = mark
        held.extend(weakref.ref(thing) for thing in (A, *parts, loss, mark))
        if raises:
            raise KeyError("the body's own")

    threads = threading.active_count()
    try:
        with watch() as report:
            work()
    except KeyError as error:
        assert raises
        error.__traceback__ = None
    gc.collect()
    assert [reference() for reference in held] == [None] * len(held)
    assert only(report).backwards == 1
    assert_nothing_is_left()
    assert threading.active_count() == threads
    assert sys.gettrace() is None


def test_nothing_is_held_while_the_watch_goes_on(draw, device):
    with watch():
        A = draw(4, 4)
        V = eigh(A).eigenvectors
        squares(V).backward()
        held = [weakref.ref(thing) for thing in (A, V)]
        del A, V
        eigh(draw(2, 2))
        gc.collect()
        assert [reference() for reference in held] == [None, None]


def test_an_error_of_the_body_ends_the_watch_and_passes_through(draw, device):
    A = draw(4, 4)

    def fail():
        squares(eigh(A).eigenvectors).backward()
        raise ZeroDivisionError("the body's own")

    with pytest.raises(ZeroDivisionError, match="the body's own"), watch() as report:
        fail()
    assert only(report).backwards == 1
    assert_nothing_is_left()


def test_an_error_in_the_backward_passes_through(draw, device):
    A = draw(4, 4)

    def refuse(gradient):
        raise KeyError("the user's own")

    A.register_hook(refuse)
    with watch() as report, pytest.raises(KeyError, match="the user's own"):
        squares(eigh(A).eigenvectors).backward()
    assert only(report).backwards == 1
    with watch() as report:
        squares(eigh(draw(4, 4)).eigenvectors).backward()
    assert only(report).backwards == 1
    assert_nothing_is_left()


def test_a_watch_inside_a_watch_sees_its_part_and_disturbs_nothing(draw, device):
    A = draw(4, 4)
    with watch() as outer:
        squares(eigh(A).eigenvectors).backward()  # before
        with watch() as inner:
            squares(eigh(A).eigenvectors).backward()  # inside
        squares(eigh(A).eigenvectors).backward()  # after
    site = only(inner)
    assert "# inside" in text_of(site)
    assert (site.calls, site.backwards, site.sampled) == (1, 1, 1)
    for mark in ("# before", "# inside", "# after"):
        site = site_at(outer, mark)
        assert (site.calls, site.backwards, site.sampled) == (1, 1, 1), mark
    assert outer.evidence().hook == inner.evidence().hook == "engine"
    assert_nothing_is_left()


def test_a_watch_that_ends_does_not_stop_the_outer_one_from_following_the_lines(draw, device):
    A = draw(4, 4)
    with watch() as outer:
        V = eigh(A).eigenvectors
        with watch():
            pass
        loss = squares(V)  # between the two
        loss.backward()
    lines = outer.evidence().lines[__file__]
    start = test_a_watch_that_ends_does_not_stop_the_outer_one_from_following_the_lines.__code__.co_firstlineno
    assert start + 6 in lines


def test_watches_may_end_in_another_order_than_they_began(draw, device):
    A = draw(4, 4)
    first, second = watch(), watch()
    one = first.__enter__()
    two = second.__enter__()
    first.__exit__(None, None, None)
    squares(eigh(A).eigenvectors).backward()
    second.__exit__(None, None, None)
    assert one.evidence().sites == ()
    assert only(two).backwards == 1
    assert_nothing_is_left()


def test_compiling_is_as_before_whatever_the_order_in_which_watches_end(device):
    importlib.import_module("torch._dynamo")
    first, second = watch(), watch()
    first.__enter__()
    second.__enter__()
    assert torch._dynamo.eval_frame._stance.stance == "force_eager"
    first.__exit__(None, None, None)
    assert torch._dynamo.eval_frame._stance.stance == "force_eager"
    second.__exit__(None, None, None)
    assert_nothing_is_left()


def test_one_object_can_be_entered_again_and_inside_itself(draw, device):
    A, watching_all = draw(4, 4), watch()
    with watching_all as first:
        squares(eigh(A).eigenvectors).backward()
        with watching_all as second:
            squares(svd(A).U).backward()
    with watching_all as third:
        pass
    assert [site.family for site in first.evidence().sites] == ["eigh", "svd"]
    assert only(second).family == "svd"
    assert third.evidence().sites == ()
    assert_nothing_is_left()


def test_a_decorated_function_is_watched_at_each_call(draw, device):
    @watch(thin=False)
    def step(A, times):
        """Take a step."""
        squares(eigh(A).eigenvectors).backward()
        return times if times == 0 else step(A, times - 1)

    assert step.__doc__ == "Take a step."
    assert step(draw(4, 4), 2) == 0
    assert sorted(only(report).backwards for report in step.reports) == [1, 2, 3]
    assert_nothing_is_left()


def test_a_decorated_function_may_run_in_several_threads(draw, device):
    A, entered, over = draw(4, 4), threading.Event(), threading.Event()

    @watch()
    def step(first):
        if first:
            entered.wait()
            return
        entered.set()
        over.wait()
        for _ in range(5):
            torch.autograd.grad(squares(eigh(A).eigenvectors), A)

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(step, True)
        while not step.reports:
            pass
        other = pool.submit(step, False)
        one.result()
        over.set()
        other.result()
    assert step.reports[0].evidence().sites == ()
    assert only(step.reports[1]).backwards == 5
    assert_nothing_is_left()


def test_threads_that_train_at_once_are_counted_exactly(draw, device):
    def train(place):
        A = draw(4, 4, seed=place)
        for _ in range(50):
            torch.autograd.grad(squares(eigh(A).eigenvectors), A)  # in parallel
        return torch.autograd.grad(squares(eigh(A).eigenvectors), A)[0]

    plain = [train(place) for place in range(4)]
    with watch() as report, ThreadPoolExecutor(4) as pool:
        watched = list(pool.map(train, range(4)))
    assert all(torch.equal(before, after) for before, after in zip(plain, watched, strict=True))
    site = site_at(report, "# in parallel")
    assert (site.calls, site.backwards, site.exercised) == (200, 200, 200)
    assert 8 <= site.sampled < 200
    assert_nothing_is_left()


# Cost in memory.


def test_memory_does_not_grow_with_the_number_of_steps(device):
    A = torch.diag(torch.arange(1.0, 4.0, device=device)).requires_grad_()

    def steps(number):
        for _ in range(number):
            torch.autograd.grad(squares(eigh(A).eigenvectors), A)
            torch.autograd.grad(svd(A).S.sum(), A)

    with watch():
        steps(300)
        gc.collect()
        before = sys.getallocatedblocks()
        steps(1700)
        gc.collect()
        assert sys.getallocatedblocks() - before < 850  # a block for every second step would be too much


def test_memory_does_not_grow_where_hooks_pack_what_is_saved(draw, device):
    A = draw(3, 3)
    held = []
    with watch(), torch.autograd.graph.save_on_cpu():
        for _ in range(20):
            V = eigh(A).eigenvectors
            squares(V).backward()
            held.append(weakref.ref(V))
        del V
        eigh(A)
        gc.collect()
        assert [reference() for reference in held] == [None] * 20


def test_threads_that_ended_hold_nothing_where_hooks_pack_what_is_saved(draw, device):
    held = []

    def work():
        with torch.autograd.graph.save_on_cpu(), torch.no_grad():
            V = eigh(draw(3, 3)).eigenvectors
        held.append(weakref.ref(V))

    with watch():
        for _ in range(5):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        squares(eigh(draw(3, 3)).eigenvectors).backward()
        gc.collect()
        assert [reference() for reference in held] == [None] * 5


# What is asked for.


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"on_finding": "ignore"}, "on_finding must be one of 'record', 'warn', 'raise', not 'ignore'"),
        ({"on_roundoff": "mend"}, "on_roundoff must be one of 'torch', 'repair', not 'mend'"),
        ({"compiled": True}, "compiled must be one of 'eager', 'skip', not True"),
    ],
)
def test_an_option_that_does_not_exist_is_named_with_those_that_do(options, words):
    with pytest.raises(ValueError, match=words):
        watch(**options)


def test_files_is_a_list_of_patterns():
    with pytest.raises(TypeError, match=r"files must be a list of patterns, not the text '\*\.py'"):
        watch(files="*.py")


def test_only_wanted_files_are_reported(draw, device):
    A = draw(4, 4)
    for files, number in ((["test_watch_*.py"], 1), (["other/"], 0), (["tests/**", "!test_watch_manners.py"], 0)):
        with watch(files=files) as report:
            squares(eigh(A).eigenvectors).backward()
        assert len(report.evidence().sites) == number, files


# Waiting for a device.


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("decompose", [eigh, svd, qr], ids=["eigh", "svd", "qr"])
@pytest.mark.parametrize("thin", [True, False])
def test_watching_adds_no_wait_for_the_device(decompose, thin):
    A = torch.randn(4, 4, device="cuda", dtype=torch.float64).requires_grad_()

    def step():
        sum(squares(part.unsqueeze(-1)) for part in decompose(A)).backward()

    def waits():
        step()
        torch.cuda.synchronize()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")
            try:
                for _ in range(20):
                    step()
            finally:
                torch.cuda.set_sync_debug_mode("default")
        return sum("synchroniz" in str(warning.message) for warning in caught)

    plain = waits()
    with watch(thin=thin) as report:
        watched = waits()
    assert watched <= plain
    assert only(report).backwards == 21


def test_a_refusal_of_ours_leaves_nothing_behind(draw, device):
    A = draw(3, 3, kind="hermitian", dtype=torch.complex128)
    with pytest.raises(IllDefinedError), watch(on_finding="raise") as report:
        eigh(A).eigenvectors.real.sum().backward()
    assert verdict(report) == "phase-dependent"
    assert_nothing_is_left()
