"""What is said of each code: one short sentence that names the decomposition, and what to write instead."""

from __future__ import annotations

from typing import NamedTuple


class Wording(NamedTuple):
    """`message` is formatted with `call` (the decomposition), `line` (where it stands) and `library` (whose it is)."""

    message: str
    help: str


WORDING: dict[str, Wording] = {
    "EIG101": Wording(
        "the result depends on the arbitrary phase of the vectors from `{call}` (line {line})",
        "build the result from quantities that no phase changes: |V|**2, V V^H, <v|M|v>, or V f(L) inv(V)",
    ),
    "EIG102": Wording(
        "the result depends on the arbitrary sign of the vectors from `{call}` (line {line}); "
        "{library} never reports this",
        "use V**2, |V|, a projector V V^T, or fix the sign of each column by its largest entry first",
    ),
    "EIG103": Wording(
        "a part or angle is taken of vectors from `{call}` (line {line}) that still carry their phase",
        "take the part after the phase has cancelled, or use abs(); dropping a part of V does not make V real",
    ),
    "EIG104": Wording(
        "a conjugate is missing: the phase of the vectors from `{call}` (line {line}) is doubled, not cancelled",
        "write V * V.conj() for V * V, V.mH for V.T, and conjugate one operand of the einsum or dot",
    ),
    "EIG105": Wording(
        "columns that do not pair are contracted, so a phase or sign of `{call}` (line {line}) remains",
        "contract a slice with the same slice of its partner from the same call, along the columns' own axis",
    ),
    "EIG106": Wording(
        "a layer or nonlinearity reads vectors from `{call}` (line {line}), whose signs and phases are arbitrary",
        "use a sign-invariant form: phi(v) + phi(-v) column by column, |v|, or a projector",
    ),
    "EIG107": Wording(
        "vectors from `{call}` (line {line}) are compared with fixed values, which know nothing of their sign",
        "compare up to the sign: 1 - <v, t>**2, projectors, or the smaller of both signs' losses",
    ),
    "EIG108": Wording(
        "this sign is 0 where the entry is 0, and then wipes out the vectors from `{call}` (line {line})",
        "use torch.where(x < 0, -1.0, 1.0), or the sign of the entry of largest modulus, or det of U @ Vh",
    ),
    "EIG109": Wording(
        "a sign mask for vectors from `{call}` (line {line}) is computed and never applied",
        "multiply the vectors by the mask and use the product",
    ),
    "EIG110": Wording(
        "the reflection in the rotation from `{call}` (line {line}) is not removed by this determinant or this minus",
        "flip the last singular vector by det(U @ Vh): U @ diag(1, ..., 1, det(U @ Vh)) @ Vh",
    ),
    "EIG111": Wording(
        "vectors from `{call}` (line {line}) are {kept} with the arbitrary signs that they happened to get",
        "fix the sign of each column first (by its largest entry, or svd_flip), or keep |V|, V**2 or a projector V V^T",
    ),
    "EIG112": Wording(
        "vectors from `{call}` (line {line}) are turned by random signs at inference too",
        "flip while training only (if self.training: ...), and use a fixed sign or a sign-invariant form otherwise",
    ),
    "EIG201": Wording(
        "a position is picked from the unordered output of `{call}` (line {line})",
        "choose by value: sort or take argmax of a key that has no ties, and index values and vectors with it alike",
    ),
    "EIG202": Wording(
        "a fixed sequence is laid over the pairs of `{call}` (line {line}), whose order is arbitrary",
        "sort the values by a key first and reorder the vectors alike, or weight by a function of the eigenvalue",
    ),
    "EIG203": Wording(
        "values and vectors of `{call}` (line {line}) are paired in different orders",
        "index both with the same permutation: i = key.argsort(); L, V = L[i], V[:, i]",
    ),
    "EIG301": Wording(
        "the gradient through the vectors from `{call}` (line {line}) is undefined where their values meet",
        "use what no basis of equal values changes (a projector, V f(L) V^H), or detach the vectors; where the values "
        "cannot meet, say so beside the call: # eiglint: assume distinct",
    ),
    "EIG302": Wording(
        "a function of the matrix is written out with the vectors from `{call}` (line {line}): its backward divides "
        "by the gaps between their values",
        "its derivative is smooth where values meet: use {replacement}",
    ),
    "EIG303": Wording(
        "{size} added to the argument of `{call}` moves all eigenvalues alike and leaves their gaps as they are",
        "drop it, and use a function of the matrix whose derivative needs no gaps (eiglint.linalg.funm, projector); "
        "before Cholesky, an inverse or a root of the values it has its place",
    ),
    "EIG304": Wording(
        "`{call}` decomposes {what}: values are equal whatever the entries are, and the gradient through their vectors "
        "is undefined",
        "write the result without a decomposition, as its form allows (a function of x x^H is a multiple of it), use "
        "a function of the matrix (matrix_exp, eiglint.linalg.funm, polar), or detach the vectors",
    ),
    "EIG309": Wording(
        "the polar factor is formed with the singular vectors from `{call}` (line {line}): it is smooth where singular "
        "values meet, and its backward is NaN there",
        "use eiglint.linalg.polar(A), or eiglint.linalg.rotation(A) and kabsch(P, Q) for the proper rotation; in the "
        "loss that the rotation itself minimises it may be detached",
    ),
    "EIG305": Wording(
        "a difference of values from `{call}` (line {line}) is divided by, with nothing to bound it where they meet",
        "mask close pairs (torch.where(gap.abs() > eps, gap, torch.inf)) or multiply by gap / (gap**2 + eps); "
        "eiglint.linalg.funm(A, f) has the derivative of V f(L) V^H at equal values too",
    ),
    "EIG306": Wording(
        "a single value is picked from `{call}` (line {line}), which has no derivative where it meets its neighbour",
        "use a function of all values (logsumexp for the largest), or the sum over the whole group that may meet",
    ),
    "EIG307": Wording(
        "`{function}` of values from `{call}` (line {line}) that can be zero, where its derivative is infinite",
        "keep the values away from zero first: L.clamp(min=eps), L + eps, or L[L > eps]",
    ),
    "EIG308": Wording(
        "vectors of `{call}` (line {line}) beyond min(m, n) are taken, through which no gradient flows",
        "use full_matrices=False where the first min(m, n) vectors are enough; a null vector of A with its gradient is "
        "the first vector of torch.linalg.eigh(A.mH @ A)",
    ),
    "EIG401": Wording(
        "`{call}` decomposes a Hermitian matrix as if it were any: this one is {why}",
        "use {instead}: real sorted values, orthonormal vectors (V.mH is their inverse), and less work",
    ),
    "EIG402": Wording(
        "`{call}` takes its argument for Hermitian, and this one is {why}",
        "symmetrise what is meant to be symmetric, (A + A.mH) / 2, or use eig or svd; where rows were normalised, "
        "D^-1 W has the eigenvalues of the symmetric D^-1/2 W D^-1/2",
    ),
    "EIG403": Wording(
        "double precision comes too late: `{call}` (line {line}) has computed in the precision of its argument",
        "cast the matrix before it is decomposed: eigh(A.double())",
    ),
    "EIG404": Wording(
        "the inverse of the vectors from `{call}` (line {line}) is formed explicitly",
        "solve instead: torch.linalg.solve(V, x); for eigh the inverse is V.mH",
    ),
    "EIG405": Wording("`{call}` is {state}", "write {advice}"),
    "EIG406": Wording(
        "the vectors of `{call}` are computed and not used",
        "use {instead}, which returns the values alone",
    ),
    "EIG407": Wording(
        "V.mH is used as the inverse of the vectors from `{call}` (line {line}), which only a normal matrix allows",
        "use torch.linalg.solve or inv(V); for a Hermitian matrix use eigh",
    ),
    "EIG408": Wording(
        "the right factor of `{call}` (line {line}) is used transposed: its vectors are summed along the wrong axis",
        "torch.linalg.svd returns Vh = V.mH, torch.svd returns V: A = U diag(S) Vh = U diag(S) V.mH",
    ),
    "EIG501": Wording(
        "the {what} of `{call}` (line {line}) is dropped where computing it fails, and the program goes on without",
        "raise again, or mend the cause: a loss that needs no vectors, float64 before the decomposition, "
        "or an explicit fallback value",
    ),
    "EIG502": Wording(
        "a complex value from `{call}` (line {line}) is differentiated by `{by}`, which takes real losses alone",
        "make it real by what is meant: abs(), .real of a sum over conjugate pairs, or |z|**2",
    ),
    "EIG503": Wording(
        "A - diag(L) of `{call}` (line {line}) is solved as if it were the adjoint of an eigenvector",
        "let autograd differentiate; by hand, each pair has a system of its own: (A - L[j] I)^H x = (1 - v v^H) g",
    ),
    "EIG504": Wording(
        "what `{call}` (line {line}) computed leaves the graph by `{by}` and enters the result without a gradient",
        "stay with tensors (torch.stack for torch.tensor([...])), or write .detach() where no gradient is meant",
    ),
    "EIG505": Wording(
        "`{pin}` keeps torch before 1.11, which never reports a loss that depends on the phase of eigenvectors",
        "raise the pin to torch>=1.11 and mend the loss that it then refuses: the older release computed it as wrongly",
    ),
    "EIG506": Wording(
        "second derivatives are taken of values from `{call}` (line {line}): they are NaN where two values meet",
        "write the function of the matrix without its values: traces and powers, logdet, matrix_exp, or eiglint.linalg",
    ),
    "EIG507": Wording(
        "this loss {why}, and the backward of `{call}` (line {line}) refuses large gradients that are right",
        "call backward on an unscaled loss in float64, or use matrix_exp or eiglint.linalg, which have no such check",
    ),
    "EIG508": Wording(
        "`{call}` has no derivative with these arguments, and its result is differentiated",
        "ask for a form that has one: reduced factors (mode='reduced', full_matrices=False), or values alone",
    ),
    "EIG409": Wording(
        "`{call}` is given a matrix in half precision",
        "cast first: A.float(), or A.double() where gaps are small; under autocast, switch it off around the "
        "decomposition and what its matrix is computed from",
    ),
}
