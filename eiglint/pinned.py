"""Files that declare dependencies: what they say of torch, where a decomposition is near."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from eiglint.catalogue import rules
from eiglint.findings import Certainty, Finding, Place
from eiglint.inspected import Inspected
from eiglint.inspection import is_wanted, unreadable
from eiglint.run import Run
from eiglint.source.config import Options, options_for
from eiglint.source.pins import old_pins
from eiglint.source.suppress import read_line_comments


def inspect_pins(text: str, path: str, options: Options, *, noqa: bool = True) -> Inspected:
    """Report the requirements of one file that keep torch before the release that checks phases."""
    comments = read_line_comments(text)
    found = [_finding(path, pin.text, pin.line, pin.column, surely=pin.surely) for pin in old_pins(text, path)]
    kept = [f for f in found if is_wanted(f, options) and not comments.silence(f, f.line, noqa=noqa)]
    return Inspected(tuple(kept))


def inspect_pin_files(
    paths: Iterable[str], named: Iterable[str], concerned: Iterable[str], run: Run
) -> list[Inspected]:
    """Read the files that lie beside or above one that uses a decomposition, and those that were named."""
    asked = {os.path.abspath(path) for path in named}
    users = [os.path.abspath(path) for path in concerned]
    results: list[Inspected] = []
    for path in paths:
        own = os.path.abspath(path)
        home = os.path.join(os.path.dirname(own), "")
        if own not in asked and not any(user.startswith(home) for user in users):
            continue
        try:
            text = Path(path).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            results.append(Inspected(skipped=(unreadable(path, error),)))
            continue
        results.append(inspect_pins(text, path, run.options.over(options_for(Path(path), run.config)[0])))
    return results


def _finding(path: str, pin: str, line: int, column: int, *, surely: bool) -> Finding:
    from eiglint.judge.wording import WORDING

    rule, words = rules()["EIG505"], WORDING["EIG505"]
    place = Place(path, line, column, line, column + len(pin))
    message, advice = words.message.format(pin=pin), words.help.format(pin=pin)
    sure: Certainty = "definite" if surely else "likely"
    return Finding(rule.code, rule.name, rule.group, rule.severity, sure, place, message, advice)
