"""Time watch beside anomaly mode and a dispatch mode that does nothing, and print a Markdown table.

python bench/runtime.py                                  # about 5 minutes on two processors
python bench/runtime.py --device cuda --output cuda.md   # also counts what makes the host wait
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

import eiglint

DOUBLE = torch.float64
WARM, SMALL = 128, 8
"""Steps that stand before every timed block, with matrices of this size: by then watch measures thinly."""
PERIOD = 64
"""Of so many later backwards of a line watch measures one in full."""
STEADY, EVERY = "watch, steady", "watch(thin=False)"

LEAST_ROUNDS = 5

Clock = Callable[[], float]
Step = Callable[[], None]
Loss = Callable[[Tensor, Tensor], Tensor]


class DoesNothing(TorchDispatchMode):
    """What every dispatch mode costs at least."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operation."""
        return func(*args, **(kwargs or {}))


VARIANTS: Mapping[str, Callable[[], AbstractContextManager[object]]] = {
    "plain": nullcontext,
    STEADY: eiglint.watch,
    EVERY: lambda: eiglint.watch(thin=False),
    "anomaly mode": torch.autograd.detect_anomaly,
    "dispatch mode": DoesNothing,
}


class Case(NamedTuple):
    """A row: a step, the one that warms it up and how often, how many steps make a block, and the row's bar."""

    name: str
    step: Step
    warm: Step
    warming: int
    steps: int
    bar: float | None


class Timings(NamedTuple):
    """Seconds a step, by variant, one for each round."""

    case: Case
    seconds: Mapping[str, Sequence[float]]

    def least(self, variant: str) -> float:
        """Return the least time of a step; what is measured thinly is charged its share of full measurements."""
        least = min(self.seconds[variant])
        if variant == STEADY and self.case.steps < PERIOD:
            return least + max(self.least(EVERY) - least, 0.0) / PERIOD
        return least

    def ratio(self, variant: str) -> float:
        """Return how much longer a step takes than the plain one."""
        return self.least(variant) / self.least("plain")

    def middle(self, variant: str) -> tuple[float, float]:
        """Return the quartiles of the ratio, each round by itself."""
        pairs = zip(self.seconds[variant], self.seconds["plain"], strict=True)
        low, _, high = quantiles((own / plain for own, plain in pairs), n=4)
        return low, high


def eigh_loss(A: Tensor, W: Tensor) -> Tensor:
    """Weigh the entries of V e^L V^T."""
    L, V = torch.linalg.eigh(A)
    loss: Tensor = (W * ((V * L.exp()) @ V.mT)).sum()
    return loss


def svd_loss(A: Tensor, W: Tensor) -> Tensor:
    """Weigh the entries of U e^S V^T."""
    U, S, Vh = torch.linalg.svd(A)
    loss: Tensor = (W * ((U * S.exp()) @ Vh)).sum()
    return loss


def eig_loss(A: Tensor, W: Tensor) -> Tensor:
    """Weigh the entries of |V|^2."""
    _, V = torch.linalg.eig(A)
    return (W * V.abs().square()).sum()


def differentiate(loss: Loss, n: int, device: str) -> Step:
    """Return a step that decomposes a random matrix of double precision and differentiates."""
    A, W = (drawn(n, n, device=device, seed=n + offset) / n**0.5 for offset in (0, 1))
    A = (A + A.mT if loss is eigh_loss else A).requires_grad_()

    def step() -> None:
        A.grad = None
        loss(A, W).backward()

    return step


def train(width: int, batch: int, device: str) -> Step:
    """Return a training step of 50 layers without any decomposition."""
    torch.manual_seed(0)
    layers = [layer for _ in range(50) for layer in (nn.Linear(width, width, device=device), nn.ReLU())]
    model = nn.Sequential(*layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    x = drawn(batch, width, device=device, seed=0).float()

    def step() -> None:
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()

    return step


def drawn(*shape: int, device: str, seed: int) -> Tensor:
    """Draw normal numbers, the same on every device."""
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed)).to(device)


def cases(device: str) -> Iterator[Case]:
    """Give the rows of the table; the bars are for the CPU."""
    on_cpu = device == "cpu"
    for loss in (eigh_loss, svd_loss, eig_loss):
        warm = differentiate(loss, SMALL, device)
        for n, steps, bar in ((8, 64, 2.0), (64, 64, 1.25), (256, 4, 1.05), (1024, 1, 1.05)):
            name = f"{loss.__name__.removesuffix('_loss')}, n = {n}"
            yield Case(name, differentiate(loss, n, device), warm, WARM, steps, bar if on_cpu else None)
    for width, batch, steps, bar in ((64, 32, 4, 1.25), (256, 256, 1, 1.05)):
        step = train(width, batch, device)
        yield Case(f"50 layers {width} wide, batch {batch}", step, step, 1, steps, bar if on_cpu else None)


def measure(case: Case, budget: float, clock: Clock) -> Timings:
    """Time a block under each variant in turn, beginning with another one each round, until the budget is spent."""
    seconds: dict[str, list[float]] = {name: [] for name in VARIANTS}
    order, end = list(VARIANTS), time.perf_counter() + budget
    while time.perf_counter() < end or len(seconds["plain"]) < LEAST_ROUNDS:
        for name in order:
            with warnings.catch_warnings(action="ignore"), VARIANTS[name]():
                seconds[name].append(block(case, case.warming if name == STEADY else 1, clock))
        order = [*order[1:], order[0]]
    return Timings(case, seconds)


def block(case: Case, warm: int, clock: Clock) -> float:
    """Return the seconds that a step takes.

    Warming steps are called from the very line that is timed: watch begins anew with each way to a decomposition.
    """
    start = 0.0
    for step, steps in ((case.warm, warm), (case.step, case.steps)):
        start = clock()
        for _ in range(steps):
            step()
    return (clock() - start) / case.steps


def finished() -> float:
    """Wait for the device and read the clock."""
    torch.cuda.synchronize()
    return time.perf_counter()


def waits(step: Step, variant: str) -> int:
    """Count the operations of a step for which the host waits for the device, as torch warns of them."""
    step()
    torch.cuda.synchronize()
    with VARIANTS[variant](), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        step()
        torch.cuda.set_sync_debug_mode("default")
    return sum("synchronizing CUDA operation" in str(warning.message) for warning in caught)


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Format a Markdown table with aligned columns, its head first."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" | ".join(map(str.ljust, row, widths)) for row in rows]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return (f"| {line} |" for line in lines)


def cells(found: Timings) -> list[str]:
    """Format a row: the plain step, then how much longer it takes; quartiles of the rounds in brackets."""
    plain, bar = found.least("plain") * 1e3, found.case.bar
    row = [found.case.name, f"{plain:.0f} ms" if plain >= 100 else f"{plain:.3g} ms", "" if bar is None else f"{bar:g}"]
    for variant in list(VARIANTS)[1:]:
        low, high = found.middle(variant)
        held = "" if bar is None or "watch" not in variant else " met" if found.ratio(variant) <= bar else " MISSED"
        row.append(f"{found.ratio(variant):.2f} ({low:.2f} to {high:.2f}){held}")
    return [*row, str(len(found.seconds["plain"]))]


def page(device: str, budget: float) -> Iterator[str]:
    """Give the lines of the result."""
    cuda = device != "cpu"
    name = torch.cuda.get_device_name() if cuda else "CPU, one thread, processor time"
    yield f"torch {torch.__version__}, {name}, double precision (networks: single)\n"
    # On a shared machine the time that others took from a single thread must not count.
    found = [measure(case, budget, finished if cuda else time.process_time) for case in cases(device)]
    head = ["", "plain", "bar", *list(VARIANTS)[1:], "rounds"]
    yield from table([head, *map(cells, found)])
    if cuda:
        yield "\nOperations of one step for which the host waits:\n"
        steps = {loss.__name__: differentiate(loss, SMALL, device) for loss in (eigh_loss, svd_loss, eig_loss)}
        counted = [[n, *(str(waits(step, v)) for v in ("plain", EVERY))] for n, step in steps.items()]
        yield from table([["loss", "plain", EVERY], *counted])


def main() -> None:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument(
        "--budget", type=float, default=20.0, help=f"seconds for a row (default 20; at least {LEAST_ROUNDS} rounds)"
    )
    parser.add_argument("--output", type=Path, help="write the table to this file instead")
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: torch finds no CUDA device here; use --device cpu")
    torch.set_num_threads(1)
    text = "\n".join(page(arguments.device, arguments.budget)) + "\n"
    if arguments.output is None:
        print(text, end="")
    else:
        arguments.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
