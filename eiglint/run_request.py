"""What `eiglint run` is asked: which of its arguments are options, and which belong to the program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, get_args

from typer.core import TyperCommand

Failure = Literal["confirmed", "new"]
FAILURES: tuple[Failure, ...] = get_args(Failure)


class RunError(ValueError):
    """The program cannot be run as it was asked; the message says why."""


class Request(NamedTuple):
    """What the command line asks for."""

    target: str
    arguments: tuple[str, ...]
    as_module: bool
    output: str
    append: bool = False
    probe: bool = False
    on_roundoff: str = "torch"
    fail_on: tuple[Failure, ...] = ()
    quiet: bool = False


class ProgramCommand(TyperCommand):
    """A command that leaves to the program what follows a script's name, or `-m` and a module's name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Let the options end behind the module's name; behind a script's name they end by themselves."""
        end = _after_module(args, {name for option in self.params if _takes_value(option) for name in option.opts})
        return super().parse_args(ctx, args if end is None else [*args[:end], "--", *args[end:]])


def failures(values: Iterable[str]) -> tuple[Failure, ...]:
    """Read what `--fail-on` names: words with commas between, and several times."""
    words = [word.strip() for value in values for word in value.split(",")]
    for word in words:
        if word not in FAILURES:
            raise RunError(f"--fail-on takes {' or '.join(FAILURES)}, not `{word}`")
    return tuple(word for word in FAILURES if word in words)


def _takes_value(option: Any) -> bool:
    return option.param_type_name == "option" and not option.is_flag


def _after_module(args: list[str], valued: set[str]) -> int | None:
    """Find where the program's own arguments begin if `-m` is among the options; None if it is not."""
    at = 0
    while at < len(args) and args[at].startswith("-") and args[at] not in ("-", "--"):
        option = args[at]
        # `-m NAME`, `-mNAME`, and both behind the one flag of a single letter
        letters = "" if option.startswith("--") else option[1:].lstrip("q")
        if letters.startswith("m"):
            return at + 1 + (letters == "m")
        at += 2 if option in valued or f"-{letters}" in valued else 1
    return None
