"""Draw programs, execute them, judge them from their text, and print how often the two agree."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

import torch

from accuracy.cases import collected
from accuracy.shrink import shrunk
from accuracy.tally import Tally, disagreements


def main() -> int:
    """Run the comparison; 0 where every bar is reached."""
    parser = argparse.ArgumentParser(prog="python -m accuracy", description=__doc__)
    parser.add_argument("--programs", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--shown", type=int, default=40, help="how many disagreements to shrink and print")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    started, tally, found = time.perf_counter(), Tally(), []
    for case in collected(asked.programs, asked.seed, asked.jobs):
        tally.add(case.truth, case.answer)
        found += [(case, kind) for kind in disagreements(case.truth, case.answer)]
    print(f"{asked.programs} programs, seed {asked.seed}, torch {torch.__version__}\n")
    print("\n".join(tally.lines()))
    for (symmetry, how), count in sorted(Counter(kind for _, kind in found).items()):
        print(f"{symmetry}: {how}: {count}")
    for case, kind in sorted(found, key=lambda entry: (_rank(entry[1]), entry[0].number))[: asked.shown]:
        smaller = shrunk(case.program, kind)
        print(f"\n--- program {case.number}: {', '.join(kind)}\n{smaller.own.strip()}", flush=True)
    print(f"\n{time.perf_counter() - started:.0f} s")
    return 0 if tally.reached() else 1


def _rank(kind: tuple[str, str]) -> tuple[int, int]:
    """Sort what is worst first."""
    hows = ("missed", "unknown, and moves", "false alarm", "unknown, and stays")
    return hows.index(kind[1]), ("phase", "order", "rotation").index(kind[0])


if __name__ == "__main__":
    sys.exit(main())
