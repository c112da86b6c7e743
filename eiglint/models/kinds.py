"""The kinds of operations that the tables may name: the arguments and the options of each.

A family is listed here as soon as the tables tell it apart; where the algebra has no rule for it, its results are
opaque.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """The arguments that a kind understands, those without which it says nothing first, and its options."""

    needs: frozenset[str]
    takes: frozenset[str]
    options: frozenset[str]

    @property
    def arguments(self) -> frozenset[str]:
        return self.needs | self.takes


def _kind(needs: str = "", takes: str = "", options: str = "") -> Kind:
    return Kind(frozenset(needs.split()), frozenset(takes.split()), frozenset(options.split()))


KINDS = {
    # decompositions
    "decompose": _kind(
        "input",
        "index",
        "outputs group ordered square all_pairs hermitian named packed variants differentiable absolute if_hermitian "
        "values_alone isolated saved",
    ),
    # one tensor
    "map": _kind(
        "input", "min max", "parity zero flat singular dtype if_tensor stochastic clamps exponential logarithm"
    ),
    "modulus": _kind("input", options="dtype"),
    "conj": _kind("input"),
    "neg": _kind("input"),
    "power": _kind("input exponent"),
    "sgn": _kind("input", options="zero"),
    "part": _kind("input", options="part"),
    "complex": _kind("", "real imag input", "how"),
    "same": _kind("input"),
    "cast": _kind("input", "dtype", "to precision"),
    "detach": _kind("input", options="leave severs"),
    "requires": _kind("input", "requires_grad"),
    # several tensors, entry by entry
    "add": _kind("input other", "alpha", "sign reflected"),
    "product": _kind("input other", options="how"),
    "divide": _kind("input other", "rounding_mode", "reflected"),
    "combine": _kind(
        "input", "other end weight values n", "parity commutes odd_in_first even_in_second idempotent rounds"
    ),
    "compare": _kind("input other", options="how total"),
    "logical": _kind("input", "other", "truth"),
    "select": _kind("condition input other"),
    "addcmul": _kind("input left right", "value", "how"),
    "lerp": _kind("input end weight"),
    # products
    "matmul": _kind("input other", "transpose_a transpose_b adjoint_a adjoint_b", "flat vector lowered"),
    "contract": _kind("input other", "dim", "spec conj"),
    "einsum": _kind("equation operands", options="lowered"),
    "pattern_product": _kind("operands"),
    "tensordot": _kind("input other dims"),
    "kron": _kind("input other"),
    "cross": _kind("input other", "dim"),
    "fused": _kind("input left right", "alpha beta", "how"),
    "multi_dot": _kind("tensors"),
    "trace": _kind("input", "offset dim1 dim2"),
    "diagonal": _kind("input", "offset dim1 dim2"),
    # reductions and scans
    "reduce": _kind("input", "dim keepdim p k q", "how fields_with if_tensor matrix named saves_input"),
    "reductions": _kind("input", "dim keepdim", "hows named"),
    "matrix_norm": _kind("input", "ord dim keepdim"),
    "scan": _kind("input", "dim", "how stochastic"),
    "running": _kind("input dim", options="how"),
    "glu": _kind("input", "dim"),
    "diff": _kind("input", "n dim prepend append"),
    "trapezoid": _kind("input", "x dx dim", "running"),
    "fft": _kind("input", "n s dim norm"),
    "normalize": _kind("input", "p dim"),
    "cosine_similarity": _kind("x1 x2", "dim"),
    "distance": _kind("x1", "x2 p", "how"),
    # linear algebra
    "inverse": _kind("input", options="pseudo"),
    "solve": _kind("A B", "left upper", "pinv triangular"),
    "det": _kind("input", options="how"),
    "matfun": _kind("input", "n upper eps func derivative", "how differentiable"),
    "flow": _kind("input dim other"),
    "polar": _kind("input"),
    "canonical": _kind("input", "like other"),
    "cond": _kind("input", "p"),
    "rank": _kind("input"),
    # shape
    "transpose": _kind("input", "dim0 dim1", "how conj"),
    "permute": _kind("input", "dims conjugate", "last"),
    "movedim": _kind("input source destination"),
    "unsqueeze": _kind("input dim"),
    "squeeze": _kind("input", "dim"),
    "expand": _kind("input sizes", options="like"),
    "broadcast": _kind("tensors"),
    "repeat": _kind("input sizes"),
    "repeat_interleave": _kind("input sizes", "dim"),
    "reshape": _kind("input", "shape start_dim end_dim", "how"),
    "unflatten": _kind("input dim shape"),
    "pattern": _kind("input pattern", "reduction sizes", "how"),
    "atleast": _kind("input", options="least"),
    "diag": _kind("input", "diagonal", "flat"),
    "diag_embed": _kind("input", "offset dim1 dim2"),
    "triangle": _kind("input", "diagonal", "how"),
    "pad": _kind("input pad", "mode value"),
    "join": _kind("tensors", "dim", "how"),
    "split": _kind("input", "sizes dim", "how"),
    "hsplit": _kind("input sizes"),
    "flip": _kind("input", "dims"),
    "roll": _kind("input shifts", "dims"),
    # indexing
    "index_select": _kind("input dim index"),
    "lookup": _kind("input index"),
    "gather": _kind("input index", "dim"),
    "take": _kind("input index"),
    "narrow": _kind("input dim start length"),
    "select_axis": _kind("input dim index"),
    "masked": _kind("input mask", "value", "how"),
    "masked_scatter": _kind("input mask value"),
    "scatter": _kind("input src", "dim index value", "how flat"),
    "index_add": _kind("input dim index src", "alpha"),
    "index_copy": _kind("input dim index src"),
    "index_fill": _kind("input dim index src"),
    "sort": _kind("input", "dim descending k", "how"),
    "msort": _kind("input"),
    "unordered": _kind("input", "dim"),
    "nonzero": _kind("input", "as_tuple"),
    "assign": _kind("input src"),
    "at": _kind("input"),
    # new tensors
    "create": _kind(
        "", "input data size fill_value n m start end step index low high", "value like dtype draws severs"
    ),
    "array": _kind("data", "dtype"),
    "parameter": _kind("", "input requires_grad", "trained"),
    "dtype": _kind(options="to precision"),
    "constant": _kind(options="value"),
    # layers
    "layer": _kind("input", "weight bias other normalized_shape", "mixes affine scales"),
    "attention": _kind("input", "key value attn_mask is_causal enable_gqa", "how"),
    "dropout": _kind("input", "p training"),
    "loss": _kind("input target", "reduction", "how even"),
    "contrast": _kind("input other target", "reduction", "how"),
    "module": _kind(options="calls"),
    "container": _kind(options="how"),
    # what surrounds the tensors
    "context": _kind("", "mode enabled", "grad lowers"),
    "root": _kind("tensors", "inputs create_graph cotangent", "gives real"),
    "transform": _kind("func", options="calls gives packed real twice"),
    "scaled": _kind("input", "self", "unless"),
    "query": _kind("", "input dim", "what"),
    "sink": _kind(),
    "store": _kind("input", options="severs"),
    "error": _kind(),
    "opaque": _kind("", "input", "differentiable symmetric semidefinite"),
}
