"""Events to findings: which code, how certain, by which path."""

from eiglint.judge.judge import judge

__all__ = ["judge"]
