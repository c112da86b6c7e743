"""Patterns of `match`: which names they bind, and whether they can fail."""

from __future__ import annotations

import libcst as cst


def bound_names(pattern: cst.MatchPattern) -> tuple[str, ...]:
    """Name what a pattern binds, in the order it is written; the alternatives of `|` bind the same names once."""
    names: dict[str, None] = {}
    stack: list[cst.CSTNode | None] = [pattern]
    while stack:
        match stack.pop():
            case cst.MatchAs(inner, name):
                stack += (name, inner)
            case cst.MatchStar(name):
                stack.append(name)
            case cst.MatchList(patterns) | cst.MatchTuple(patterns) | cst.MatchOr(patterns):
                stack += reversed(patterns)
            case cst.MatchSequenceElement(inner) | cst.MatchOrElement(inner):
                stack.append(inner)
            case cst.MatchMappingElement(_, inner) | cst.MatchKeywordElement(_, inner):
                stack.append(inner)
            case cst.MatchMapping(elements, rest=rest):
                stack += (rest, *reversed(elements))
            case cst.MatchClass(_, patterns, keywords):
                stack += (*reversed(keywords), *reversed(patterns))
            case cst.Name(name):
                names[name] = None
    return tuple(names)


def irrefutable(pattern: cst.MatchPattern) -> bool:
    """Tell whether a pattern matches everything: `_`, a bare name, or an alternative that does."""
    match pattern:
        case cst.MatchAs(None):
            return True
        case cst.MatchAs(cst.MatchPattern() as inner):
            return irrefutable(inner)
        case cst.MatchOr(patterns):
            return irrefutable(patterns[-1].pattern)
    return False
