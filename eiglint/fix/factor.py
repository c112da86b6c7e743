"""EIG408: give the third output of an svd the meaning that its uses ask for."""

from __future__ import annotations

from eiglint.findings import Finding
from eiglint.fix.old_names import thin_factors
from eiglint.fix.outputs import name_of, named
from eiglint.fix.proposal import Proposal
from eiglint.fix.syntax import Code
from eiglint.fix.turned import turned


def other_factor(finding: Finding, code: Code) -> Proposal | None:
    """Follow the decomposition by `V = Vh.mH`, so that every use gets what it takes the name for.

    Where torch.svd's V is taken for Vh, `torch.linalg.svd` is what the uses expect.
    """
    call = code.call(finding.source)
    outputs = named(code, call) if call is not None else None
    if finding.source is None or call is None or outputs is None or len(outputs.targets) != 3:
        return None
    target = outputs.targets[2]
    if name_of(target) in ("", "_"):
        return None
    if finding.source.call == "torch.svd":
        return Proposal("safe", thin_factors(code, call))
    changes = turned(code, outputs.statement, target, finding.source.call)
    return Proposal("safe", tuple(changes)) if changes else None
