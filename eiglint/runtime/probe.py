"""Repeat a loss that a program is about to differentiate, in other gauges, without running the program again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from eiglint.evidence.records import Probe
from eiglint.runtime.arguments import SYMMETRIES
from eiglint.runtime.callsite import CallSite
from eiglint.runtime.check import baseline_of, concerned, groups_among, run
from eiglint.runtime.compare import floor_of, settle
from eiglint.runtime.cone import Edge, edge_of
from eiglint.runtime.gauge import Symmetry
from eiglint.runtime.measure import Measurement, Program
from eiglint.runtime.nodes import NODE_KINDS
from eiglint.runtime.randomness import random_state_kept
from eiglint.runtime.repeating import repeating
from eiglint.runtime.replay import Replay, Root, UnrepeatableError, contracted
from eiglint.runtime.step import in_words
from eiglint.runtime.tape import Cut, Tape, own_backward
from eiglint.runtime.verdict import Verdict
from eiglint.runtime.weigh import Baseline, weigh

_SEEDS = (0, 1, 2, 3)
_CUT_OFF = (
    "the loss stays and its gradient by a tensor that was made before the decomposition moves; whether that reaches a "
    "parameter was not followed"
)
_OUT_OF_SIGHT = (
    "the loss was not recorded on its way from the decomposition: it went through compiled or scripted code, an "
    "autograd.Function, torch.lobpcg or a transform of torch.func, or an earlier backward ended the recording"
)
_WORDS: Mapping[Symmetry, str] = {
    "phase": "on signs or phases",
    "order": "on the order of the eigenvalues",
    "rotation": "on the basis inside blocks of equal values",
}


@dataclass(frozen=True, slots=True)
class Probed:
    """What re-drawing a symmetry did to a loss, by line and symmetry; lines without the symmetry are left out.

    `failure` says why the loss could not be repeated, `reasons` by symmetry why there is no verdict somewhere.
    """

    verdicts: Mapping[CallSite, Mapping[str, Probe]] = field(default_factory=dict)
    failure: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)


def probe(tape: Tape, losses: Sequence[Tensor], grad_outputs: Sequence[Tensor | None]) -> Probed:
    """Repeat losses from a tape, just before they are differentiated with `grad_outputs`.

    Nothing of the program changes: its tensors are copied where they carry a gradient or were written to, its graph
    and its random states stay, and a fault of this tool becomes a failure in words.
    """
    try:
        with repeating(), _undisturbed():
            return _probed(tape, losses, grad_outputs)
    except UnrepeatableError as error:
        return Probed(failure=str(error))
    except Exception as error:
        return Probed(failure=f"repeating the loss failed: {type(error).__name__}: {error}")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Step out of what the program may have entered; each call enters again what it found."""
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        for device in ("cpu", "cuda"):
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        yield


def _probed(tape: Tape, losses: Sequence[Tensor], grad_outputs: Sequence[Tensor | None]) -> Probed:
    if tape.failure:
        return Probed(failure=tape.failure)
    roots = []
    for loss, weight in zip(losses, grad_outputs, strict=True):
        value = tape.cone.value_of(loss)
        if value is not None:
            roots.append(Root(value, loss, weight, None if weight is None else tape.cone.value_of(weight)))
        elif _depends(edge_of(loss)):
            raise UnrepeatableError(own_backward(loss) or _OUT_OF_SIGHT)
    if not roots:
        return Probed()
    cut = tape.cut([value for root in roots for value in root.values()])
    if not any(step.decomposes for step in cut.steps):
        return Probed()
    _refuse(cut, roots)
    replay = Replay(cut, roots)
    with random_state_kept() as state:
        program = Program(replay, replay.leaves, (), True, state)
        baseline = baseline_of(program, "multiply", _SEEDS)
        _compare_with_original(baseline, roots)
        return _judged(baseline, replay)


def _refuse(cut: Cut, roots: Sequence[Root]) -> None:
    """Say why recorded calls do not tell how the loss came about, if they do not."""
    for trouble in [*(own_backward(root.loss) for root in roots), *(step.trouble for step in cut.steps)]:
        if trouble:
            raise UnrepeatableError(trouble)
    for held in cut.outside.values():
        if held.was_changed():
            raise UnrepeatableError(
                f"a tensor ({_described(held.tensor)}) that {in_words(held.site)} read was changed in place afterwards"
            )
        if _depends(held.edge):
            raise UnrepeatableError(
                f"a tensor ({_described(held.tensor)}) that {in_words(held.site)} read depends on a decomposition in a "
                "way that torch's function calls do not show"
            )
    if any(_depends(adopted.edge) for adopted in cut.adopted.values()):
        raise UnrepeatableError("a tensor that was written to depends on a decomposition that was not recorded")


def _described(tensor: Tensor) -> str:
    return f"{'x'.join(map(str, tensor.shape)) or 'one number'}, {str(tensor.dtype).removeprefix('torch.')}"


def _depends(edge: Edge | None) -> bool:
    """Tell whether a graph leads to what a gauge changes; values alone, but eig's, are the same in every gauge."""
    stack = [] if edge is None else [edge]
    seen = set()
    while stack:
        node, output = stack.pop()
        kind = NODE_KINDS.get(type(node).__name__)
        if kind is not None and (kind.family in ("eig", "qr") or output != kind.gradients[0]):
            return True
        if node is not None and node not in seen:
            seen.add(node)
            stack.extend(node.next_functions)
    return False


def _compare_with_original(baseline: Baseline, roots: Sequence[Root]) -> None:
    failure = baseline.plain.failure
    if failure is not None:
        if isinstance(failure, UnrepeatableError):
            raise failure
        raise UnrepeatableError(f"a recorded call failed when it was repeated: {type(failure).__name__}: {failure}")
    dtypes = _dtypes(baseline)
    for place, root in enumerate(roots):
        first = contracted(root.loss.detach(), root.weight)
        again = baseline.plain.values[place]
        rounded = [measured.values[place] for measured in baseline.rounded if measured.failure is None]
        floor = floor_of([first.dtype, *dtypes], gradient=False)
        if again.shape != first.shape or settle(first, [again], rounded, floor, baseline.natural).outcome == "moved":
            raise UnrepeatableError("repeating the recorded calls does not reproduce the loss")


def _judged(baseline: Baseline, replay: Replay) -> Probed:
    """Re-draw each symmetry everywhere; if that moves the loss, once more for each matrix alone."""
    inquiry = _Inquiry(baseline, replay)
    verdicts: dict[CallSite, dict[str, Probe]] = {
        CallSite(site.path, site.line, site.call): {} for site in baseline.sites
    }
    reasons: dict[str, str] = {}
    for name in SYMMETRIES:
        sites = concerned(baseline, name)
        if not sites:
            continue
        places = {CallSite(site.path, site.line, site.call) for site in sites}
        answer, reason = inquiry.ask(name, None)
        groups = groups_among(baseline, sites)
        answers = dict.fromkeys(places, answer)
        if answer != "stays" and len(groups) > 1:
            for group in groups:
                alone, why = inquiry.ask(name, group)
                answers.update(dict.fromkeys(group & places, alone))
                reason = reason or why
            if answer == "moves" and "moves" not in answers.values():
                answers = dict.fromkeys(places, answer)
        for place, found in answers.items():
            verdicts[place][name] = found
        if reason and "no verdict" in answers.values():
            reasons[name] = reason
    return Probed(verdicts, "", reasons)


class _Inquiry:
    """Ask for one symmetry at a time, and look at what left torch on the way."""

    def __init__(self, baseline: Baseline, replay: Replay) -> None:
        self.baseline, self.replay = baseline, replay
        self._plain, *self._rounded = replay.courses

    def ask(self, name: Symmetry, only: frozenset[CallSite] | None) -> tuple[Probe, str]:
        """Say what re-drawing does to the loss, everywhere or at some lines alone, and why if nothing can be said."""
        self.replay.courses.clear()
        draws = [run(self.baseline, name, seed, only) for seed in self.baseline.seeds]
        strayed = self._strayed(name, draws)
        if strayed:
            return "no verdict", strayed
        verdict = self._weighed(name, draws, self._in_earnest)
        if verdict.invariant is None:
            return "no verdict", verdict.reason
        if verdict.invariant is False:
            cut_off = self.replay.is_partial and self._weighed(name, draws, self._nothing).invariant is True
            return ("no verdict", _CUT_OFF) if cut_off else ("moves", "")
        return ("stays", "") if self._weighed(name, draws, self._others).invariant else ("no verdict", _CUT_OFF)

    def _weighed(self, name: Symmetry, draws: Sequence[Measurement], part: Callable[[int, Tensor], Any]) -> Verdict:
        """Weigh the values, and the part of the gradients that a function picks."""

        def picked(measured: Measurement) -> Measurement:
            slopes = (None if slope is None else part(place, slope) for place, slope in enumerate(measured.gradients))
            return replace(measured, gradients=tuple(slopes))

        baseline = self.baseline._replace(
            plain=picked(self.baseline.plain), rounded=tuple(map(picked, self.baseline.rounded))
        )
        return weigh(baseline, name, [picked(draw) for draw in draws])

    def _in_earnest(self, place: int, slope: Tensor) -> Tensor | None:
        return slope if place in self.replay.in_earnest else None

    def _nothing(self, place: int, slope: Tensor) -> None:
        return None

    def _others(self, place: int, slope: Tensor) -> Tensor | None:
        """Pick the derivatives by entries that are not zero: beside them a zero may be part of a structure."""
        if place in self.replay.in_earnest:
            return None
        filled = self.replay.leaves[place].detach() != 0
        return slope * filled if bool(filled.any()) else slope

    def _strayed(self, name: Symmetry, draws: Sequence[Measurement]) -> str:
        """Say why a program in another gauge might have gone another way than the one that was recorded."""
        for draw in draws:
            if isinstance(draw.failure, UnrepeatableError):
                return str(draw.failure)
        for course in self.replay.courses:
            for site in course.resized:
                return f"the size of what {in_words(site)} gave depends {_WORDS[name]}"
        for place, (step, number) in enumerate(self._plain.numbers):
            others = [course.numbers[place][1] for course in self.replay.courses if len(course.numbers) > place]
            rounded = [course.numbers[place][1] for course in self._rounded if len(course.numbers) > place]
            if self._moves(number, others, rounded, step.precision):
                return (
                    f"a number that left torch by {in_words(step.site)} depends {_WORDS[name]}, so that the program "
                    "might have taken another path"
                )
        return ""

    def _moves(
        self, number: Tensor, others: Sequence[Tensor], rounded: Sequence[Tensor], precision: torch.dtype | None
    ) -> bool:
        if all(torch.equal(number, other) for other in others):
            return False
        if not (number.is_floating_point() or number.is_complex()):
            return True
        dtypes = _dtypes(self.baseline) + ([precision] if precision is not None else [])
        floor = floor_of(dtypes, gradient=False)
        return settle(number, others, rounded, floor, self.baseline.natural).outcome != "still"


def _dtypes(baseline: Baseline) -> list[torch.dtype]:
    return [getattr(torch, site.dtype) for site in baseline.sites]
