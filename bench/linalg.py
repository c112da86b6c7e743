"""Hold eiglint.linalg beside the usual spellings: errors of gradients against the gap, and times.

python bench/linalg.py errors --plot docs/remedies.svg   # about 3 minutes; Markdown tables, and the plot
python bench/linalg.py times                             # about 5 minutes; ratios of one run, interleaved
python bench/linalg.py flow                              # about 3 minutes

Errors are relative, of the gradient in the Frobenius norm, beside
gradients of 90 digits; n/a where a library is not installed or has no derivative.
"""

from __future__ import annotations

import argparse
import math
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

os.environ.setdefault("GEOMSTATS_BACKEND", "pytorch")

import mpmath as mp
import torch
from exact import condition, error, exactly, gradient, orthogonal, spectral
from peers import POLARS, ROOT_VALUES, ROOTS, naive_polar, naive_root
from plot import curves
from torch import Tensor

from eiglint import linalg

Of = Callable[[Tensor], Tensor]
GAPS = (1.0, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14, 0.0)
TWO = torch.float64


def matrix(gap: float, seed: int, general: bool = False) -> Tensor:
    """Return a matrix whose two smaller eigenvalues, or singular values, differ by the gap."""
    source = torch.Generator().manual_seed(seed)
    Q, Z = (torch.linalg.qr(torch.randn(3, 3, dtype=TWO, generator=source))[0] for _ in range(2))
    return (Q * torch.tensor([1.0, 1.0 + gap, 3.0], dtype=TWO)) @ (Z if general else Q.mT)


def root_values(L: Sequence[mp.mpf]) -> list[mp.mpf]:
    """Return the square roots."""
    return [mp.sqrt(x) for x in L]


Row = tuple[str, list[float]]
"""A name, and an error for each gap; NaN where there is none."""


def errors(ways: Mapping[str, Of | None], exact: Callable[[mp.matrix], mp.matrix], general: bool) -> list[Row]:
    """Return the median errors over five matrices a gap; the last row is what rounding allows."""
    rows: dict[str, list[float]] = {name: [] for name in ways}
    bound: list[float] = []
    for gap in GAPS:
        found: dict[str, list[float]] = {name: [] for name in ways}
        for seed in range(5):
            A = matrix(gap, seed, general)
            W = torch.randn(3, 3, dtype=TWO, generator=torch.Generator().manual_seed(seed + 99))
            true = gradient(exact, exactly(A), exactly(W))
            for name, way in ways.items():
                found[name].append(math.nan if way is None else attempt(way, A, W, true))
        bound.append(50 * torch.finfo(TWO).eps * max(1.0, condition(exact, exactly(A), exactly(W))))
        for name in ways:
            rows[name].append(median(found[name]))
    return [*rows.items(), ("50 eps x condition of the gradient", bound)]


def value_errors(ways: Mapping[str, Of | None], exact: Callable[[mp.matrix], mp.matrix]) -> list[Row]:
    """Return the median errors of values over five matrices a gap."""
    rows = []
    for name, way in ways.items():
        found = []
        for gap in GAPS:
            many = [matrix(gap, seed) for seed in range(5)]
            found.append(math.nan if way is None else median(error(way(A), exact(exactly(A))) for A in many))
        rows.append((name, found))
    return rows


def attempt(way: Of, A: Tensor, W: Tensor, true: mp.matrix) -> float:
    """Return the error of a gradient; NaN if the library refuses."""
    A = A.clone().requires_grad_()
    try:
        (W * way(A)).sum().backward()
    except (RuntimeError, NotImplementedError):
        return math.nan
    return math.inf if A.grad is None else error((A.grad + A.grad.mT) / 2 if way in SYMMETRIC else A.grad, true)


SYMMETRIC = {way for way in ROOTS.values() if way is not None}
"""Of a function of a symmetric matrix only the symmetric part of the gradient is compared."""


def shown(value: float) -> str:
    """Format an error."""
    return "n/a" if math.isnan(value) else "NaN" if math.isinf(value) else f"{value:.0e}"


def error_tables(plot: Path | None) -> Iterator[str]:
    """Give the tables of square root and polar factor, and draw them."""
    roots = errors(ROOTS, spectral(root_values), general=False)
    polars = errors(POLARS, lambda A: orthogonal(A, proper=True), general=True)
    values = value_errors(ROOT_VALUES, spectral(root_values))
    tables = (("Square root", "gradient", roots), ("Nearest rotation", "gradient", polars),
              ("Square root", "value", values))  # fmt: skip
    for title, what, rows in tables:
        yield f"\n{title}: relative error of the {what}, by the gap of two values (float64, n = 3)\n"
        yield from table([["", *(f"{gap:g}" for gap in GAPS)], *([name, *map(shown, row)] for name, row in rows)])
    if plot is not None:
        picked = [("eigh, sqrtm", roots[0][1]), ("svd, rotation", polars[0][1])]
        picked += [("linalg.sqrtm", dict(roots)["eiglint.linalg"]), ("linalg.rotation", dict(polars)["eiglint.linalg"])]
        plot.write_text(curves(GAPS, picked), encoding="utf-8")


def naive(f: Of) -> Of:
    """Return V f(L) V^T as people write it."""

    def spelled(A: Tensor) -> Tensor:
        L, V = torch.linalg.eigh(A)
        return (V * f(L).unsqueeze(-2)) @ V.mT

    return spelled


def first_vectors(A: Tensor) -> Tensor:
    """Return the projector onto half of the vectors, as people write it."""
    V = torch.linalg.eigh(A)[1][..., : A.shape[-1] // 2]
    return V @ V.mT


PAIRS: dict[str, tuple[Of, Of]] = {
    "sqrtm": (naive_root, linalg.sqrtm),
    "inv_sqrtm": (naive(torch.rsqrt), linalg.inv_sqrtm),
    "logm": (naive(torch.log), linalg.logm),
    "expm": (naive(torch.exp), linalg.expm),
    "powm(A, 0.3)": (naive(lambda x: x**0.3), lambda A: linalg.powm(A, 0.3)),
    "psd_project": (naive(torch.relu), linalg.psd_project),
    "funm(A, sin)": (naive(torch.sin), lambda A: linalg.funm(A, torch.sin)),
    "funm(A, sin, cos)": (naive(torch.sin), lambda A: linalg.funm(A, torch.sin, torch.cos)),
    "projector": (first_vectors, lambda A: linalg.projector(A, A.shape[-1] // 2)),
    "polar": (naive_polar, linalg.polar),
}
SHAPES = ((8, 8), (64, 64), (256, 256), (1024, 1024), (1024, 8, 8))


def times(device: str, budget: float, largest: int) -> Iterator[str]:
    """Give the table of times, forward and backward, ours over naive."""
    shapes = [shape for shape in SHAPES if shape[-1] <= largest]
    head = ["", *("x".join(map(str, shape)) for shape in shapes)]
    rows = []
    for name, pair in PAIRS.items():
        rows.append([name, *(f"{ratio(pair, shape, device, budget):.2f}" for shape in shapes)])
    yield f"\nForward and backward, ours over naive ({device}, float64, one thread): median of interleaved rounds\n"
    yield from table([head, *rows])


def ratio(pair: tuple[Of, Of], shape: tuple[int, ...], device: str, budget: float) -> float:
    """Return the median of the ratios of rounds in which both take turns."""
    X = torch.randn(shape, dtype=TWO, generator=torch.Generator().manual_seed(0)).to(device)
    A = (X @ X.mT / shape[-1] + torch.eye(shape[-1], dtype=TWO, device=device)).requires_grad_()
    W = torch.randn_like(A)
    repeats = 20 if A.numel() < 1000 else 1

    def once(way: Of) -> float:
        start = clock(device)
        for _ in range(repeats):
            A.grad = None
            (W * way(A)).sum().backward()
        return clock(device) - start

    return compared([lambda way=way: once(way) for way in pair], budget)[1]  # type: ignore[misc]


def compared(ways: Sequence[Callable[[], float]], budget: float) -> list[float]:
    """Return the median ratio of each way to the first one; at least three rounds, the first not counted."""
    rounds: list[list[float]] = []
    end = time.perf_counter() + budget
    while time.perf_counter() < end or len(rounds) < 4:
        order = range(len(ways)) if len(rounds) % 2 else reversed(range(len(ways)))
        seconds = {index: ways[index]() for index in order}
        rounds.append([seconds[index] / seconds[0] for index in range(len(ways))])
    return [median(column) for column in zip(*rounds[1:], strict=True)]


def clock(device: str) -> float:
    """Read the processor time of this thread's process, or the clock once the device has finished."""
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def by_eig(A: Tensor, t: Tensor, x: Tensor) -> Tensor:
    """Return the flow as people build it from eig."""
    L, V = torch.linalg.eig(A)
    c = torch.linalg.solve(V, x.to(V.dtype))
    return ((V * (L * t[:, None]).exp().unsqueeze(-2)) @ c).real


def by_exponential(A: Tensor, t: Tensor, x: Tensor) -> Tensor:
    """Return the flow by one matrix exponential for each time."""
    return torch.linalg.matrix_exp(A * t[:, None, None]) @ x


def flow(device: str, budget: float) -> Iterator[str]:
    """Give the table of times of flows, over those of eig."""
    ways = (by_eig, linalg.linear_flow, by_exponential)
    rows = [["n", "times", "eig", "linear_flow", "matrix_exp(A t)"]]
    for n in (6, 16, 64):
        for count in (10, 100, 1000):
            if n == 64 and count == 1000:
                budget *= 2
            source = torch.Generator().manual_seed(n)
            A = (torch.randn(n, n, dtype=TWO, generator=source) / n**0.5).to(device).requires_grad_()
            x, t = torch.ones(n, dtype=TWO, device=device), torch.linspace(0, 4, count, dtype=TWO, device=device)

            def once(
                way: Callable[[Tensor, Tensor, Tensor], Tensor], A: Tensor = A, t: Tensor = t, x: Tensor = x
            ) -> float:
                A.grad = None
                start = clock(device)
                way(A, t, x).square().mean().backward()
                return clock(device) - start

            found = compared([lambda way=way, once=once: once(way) for way in ways], budget)  # type: ignore[misc]
            rows.append([str(n), str(count), *(f"{value:.2f}" for value in found)])
    yield f"\nexp(A t) x for many t, forward and backward, over eig ({device}, float64, one thread)\n"
    yield from table(rows)


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Format a Markdown table with aligned columns, its head first."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" | ".join(map(str.ljust, row, widths)) for row in rows]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return (f"| {line} |" for line in lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("errors", "times", "flow"))
    parser.add_argument("--plot", type=Path, help="draw the errors into this SVG file")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--budget", type=float, default=4.0, help="seconds for a cell (default 4)")
    parser.add_argument("--largest", type=int, default=1024, help="leave out larger matrices (default 1024)")
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: torch finds no CUDA device here; use --device cpu")
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    match arguments.what:
        case "errors":
            lines = error_tables(arguments.plot)
        case "times":
            lines = times(arguments.device, arguments.budget, arguments.largest)
        case _:
            lines = flow(arguments.device, arguments.budget)
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    main()
