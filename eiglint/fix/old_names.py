"""EIG405: today's spelling of torch's old decompositions, with what their outputs were."""

from __future__ import annotations

import ast

from eiglint.findings import Finding
from eiglint.fix.outputs import arguments, name_of, named, taken
from eiglint.fix.proposal import Proposal
from eiglint.fix.spelling import module
from eiglint.fix.syntax import Change, Code, callee, reads_of
from eiglint.fix.turned import turned


def new_name(finding: Finding, code: Code) -> Proposal | None:
    """Rewrite a call of `torch.svd`, `qr`, `symeig` or `eig`; the values stay what they were."""
    call = code.at(finding.place, ast.Call)
    old = _Old.read(code, call) if call is not None else None
    if call is None or old is None:
        return None
    changes = {"svd": _svd, "qr": _qr, "symeig": _symeig, "eig": _eig}[callee(call)](code, call, old)
    return Proposal("safe", (*changes, *old.needed)) if changes else None


def thin_factors(code: Code, call: ast.Call) -> tuple[Change, ...]:
    """Write a call of `torch.svd` as one of `torch.linalg.svd`, which returns Vh; nothing if that cannot be done."""
    old = _Old.read(code, call)
    if old is None or not old.options.get("compute_uv", True):
        return ()
    option = "full_matrices=False" if old.options.get("some", True) else ""
    return (Change(*code.span(call), old.call("svd", option)), *old.needed)


class _Old:
    """An old call: its matrix, and its options as literals."""

    def __init__(self, matrix: str, options: dict[str, bool], root: str, needed: list[Change]) -> None:
        self.matrix = matrix
        self.options = options
        self.root = root
        self.needed = needed

    @classmethod
    def read(cls, code: Code, call: ast.Call) -> _Old | None:
        """Read a call whose options are all literal; None for others, and for names that are not torch's."""
        names = _OPTIONS.get(callee(call))
        if names is None:
            return None
        positional = list(call.args)
        given = arguments(call)
        if "input" in given:
            positional.insert(0, given.pop("input"))
        elif isinstance(call.func, ast.Attribute) and not _is_torch(code, call.func.value):
            positional.insert(0, call.func.value)
        if not positional or len(positional) > 1 + len(names):
            return None
        matrix, *more = positional
        values: dict[str | None, ast.expr] = {**given, **dict(zip(names, more, strict=False))}
        literals = {name: node.value for name, node in values.items() if isinstance(node, ast.Constant)}
        if isinstance(matrix, ast.Starred) or len(literals) < len(values) or set(values) - set(names):
            return None
        root, needed = module(code, "torch")
        return cls(code.show(matrix), {str(k): bool(v) for k, v in literals.items()}, root, needed)

    def call(self, name: str, option: str = "") -> str:
        """Return the text of a new call."""
        return f"{self.root}.linalg.{name}({self.matrix}{', ' + option if option else ''})"


_OPTIONS = {
    "svd": ("some", "compute_uv"),
    "qr": ("some",),
    "symeig": ("eigenvectors", "upper"),
    "eig": ("eigenvectors",),
}
"""The options of each old function, in their order."""


def _is_torch(code: Code, node: ast.expr) -> bool:
    root, needed = module(code, "torch")
    return not needed and code.show(node) == root


def _qr(code: Code, call: ast.Call, old: _Old) -> list[Change]:
    return [Change(*code.span(call), old.call("qr", "" if old.options.get("some", True) else 'mode="complete"'))]


def _svd(code: Code, call: ast.Call, old: _Old) -> list[Change] | None:
    """`torch.svd` returns V, and thin factors unless told otherwise."""
    if not old.options.get("compute_uv", True):
        return _values(code, call, old.call("svdvals"), 1, "S")
    new = old.call("svd", "full_matrices=False" if old.options.get("some", True) else "")
    if one := taken(code, call):
        place = code.span(one.node)
        if one.what in (1, -2, "S"):
            return [Change(*place, old.call("svdvals"))]
        if one.what in (2, -1, "V"):
            return [Change(*place, f"{new}.Vh.mH")]
        return [Change(*code.span(call), new)] if one.what in (0, -3, "U") else None
    outputs = named(code, call)
    if outputs is None or len(outputs.targets) != 3:
        return None
    target = outputs.targets[2]
    if name_of(target) in ("_", "__"):
        return [Change(*code.span(call), new)]
    if name_of(target).lower().endswith(("h", "t")):
        return None  # Vh or VT: what torch.svd never returned, so its uses have to be looked at (EIG408)
    more = turned(code, outputs.statement, target, "torch.svd") if name_of(target) else None
    return [Change(*code.span(call), new), *more] if more else None


def _symeig(code: Code, call: ast.Call, old: _Old) -> list[Change] | None:
    """`torch.symeig` read the upper triangle, and returned no vectors unless asked."""
    triangle = 'UPLO="U"' if old.options.get("upper", True) else ""
    if old.options.get("eigenvectors", False):
        return [Change(*code.span(call), old.call("eigh", triangle))]
    return _values(code, call, old.call("eigvalsh", triangle), 0, "eigenvalues")


def _eig(code: Code, call: ast.Call, old: _Old) -> list[Change] | None:
    """`torch.eig` returned real and imaginary parts side by side; its vectors in a packing that has no equal."""
    if old.options.get("eigenvectors", False):
        return None
    return _values(code, call, f"{old.root}.view_as_real({old.call('eigvals')})", 0, "eigenvalues")


def _values(code: Code, call: ast.Call, new: str, position: int, field: str) -> list[Change] | None:
    """Take the values alone, where nothing else is taken."""
    if one := taken(code, call):
        return [Change(*code.span(one.node), new)] if one.what in (position, field) else None
    outputs = named(code, call)
    if outputs is None or position >= len(outputs.targets):
        return None
    kept = outputs.targets[position]
    scope = code.scope(call)
    others = [name_of(target) for target in outputs.targets if target is not kept]
    if not name_of(kept) or any(not name or any(reads_of(name, scope)) for name in others):
        return None
    return [Change(*code.span(outputs.whole), code.show(kept)), Change(*code.span(call), new)]
