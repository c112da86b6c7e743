"""What a torch call does besides returning tensors: write, hand out numbers, draw at random, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

# These tell of a tensor what no gauge changes, show it to a person, or concern the backward pass alone.
# fmt: off
_SILENT = frozenset({
    "__dir__", "__format__", "__hash__", "__len__", "__repr__", "__str__", "_has_compatible_shallow_copy_type",
    "_is_view", "_nnz", "backward", "can_cast", "data_ptr", "dense_dim", "dim", "element_size", "get_device",
    "has_names", "is_coalesced", "is_complex", "is_conj", "is_contiguous", "is_floating_point", "is_inference",
    "is_neg", "is_pinned", "is_same_size", "is_set_to", "is_shared", "is_signed", "ndimension", "nelement", "numel",
    "register_hook", "register_post_accumulate_grad_hook", "result_type", "retain_grad", "share_memory_", "size",
    "sparse_dim", "storage", "storage_offset", "storage_type", "stride", "untyped_storage", "._backward_hooks",
    "._version", ".device", ".dtype", ".grad", ".grad_fn", ".is_cpu", ".is_cuda", ".is_leaf", ".is_meta", ".is_mps",
    ".is_nested", ".is_quantized", ".is_sparse", ".itemsize", ".layout", ".name", ".names", ".nbytes", ".ndim",
    ".output_nr", ".requires_grad", ".retains_grad", ".shape", ".grad=", ".names=",
})
_WRITES = frozenset({
    "__iadd__", "__iand__", "__idiv__", "__ifloordiv__", "__ilshift__", "__imatmul__", "__imod__", "__imul__",
    "__ior__", "__ipow__", "__irshift__", "__isub__", "__itruediv__", "__ixor__", "__setitem__",
})
_RANDOM = frozenset({
    "alpha_dropout", "bernoulli", "binomial", "cauchy", "dropout", "dropout1d", "dropout2d", "dropout3d",
    "exponential", "feature_alpha_dropout", "feature_dropout", "fractional_max_pool2d", "fractional_max_pool3d",
    "geometric", "gru", "gumbel_softmax", "log_normal", "lstm", "multi_head_attention_forward", "multinomial",
    "native_dropout", "normal", "poisson", "rand_like", "randint_like", "randn_like", "random", "rnn_relu",
    "rnn_tanh", "rrelu", "scaled_dot_product_attention", "uniform",
})
# fmt: on
# Where a normalisation keeps its running statistics, which it writes although its name does not say so.
_STATISTICS: Mapping[Any, tuple[int, int]] = {
    torch.nn.functional.batch_norm: (1, 2),
    torch.nn.functional.instance_norm: (1, 2),
    torch.batch_norm: (3, 4),
    torch.instance_norm: (3, 4),
}
_BACKWARDS = frozenset({torch.autograd.backward, Tensor.backward})


def name_of(func: Callable[..., Any]) -> str:
    """Name a torch function; `.real` is a property that is read, `.data=` one that is set."""
    name: str = getattr(func, "__name__", "") or type(func).__name__
    if name not in ("__get__", "__set__"):
        return name
    owner = getattr(getattr(func, "__self__", None), "__name__", "")
    return f".{owner}" if name == "__get__" else f".{owner}="


def is_silent(func: Callable[..., Any], name: str) -> bool:
    """Tell whether a call needs no repeating, whatever it is given."""
    return name in _SILENT or func in _BACKWARDS


def is_random(name: str) -> bool:
    """Tell whether a call may draw from torch's global generators."""
    return name.rstrip("_") in _RANDOM


def writes(name: str) -> bool:
    """Tell by its name whether a call changes what it is given first."""
    return (name.endswith("_") and not name.endswith("__")) or name in _WRITES or name.endswith("=")


def targets(func: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[Any]:
    """List what a call may change: tensors, or lists of them."""
    if writes(name) and args:
        yield args[0]
    if "out" in kwargs:
        yield kwargs["out"]
    if func in _STATISTICS:
        first, second = _STATISTICS[func]
        yield kwargs.get("running_mean", args[first] if len(args) > first else None)
        yield kwargs.get("running_var", args[second] if len(args) > second else None)


def numbers_of(result: Any) -> Tensor | None:
    """Give the numbers that a call handed to Python or NumPy, as a tensor of their own; None if it handed out none."""
    if isinstance(result, (bool, int, float, complex)):
        kind = torch.complex128 if isinstance(result, complex) else torch.float64
        exact = torch.bool if isinstance(result, bool) else torch.int64
        dtype = kind if isinstance(result, (float, complex)) else exact
        return torch.tensor(result, dtype=dtype, device="cpu")
    if isinstance(result, list):
        try:
            return torch.tensor(result, dtype=_dtype_of(result), device="cpu")
        except (TypeError, ValueError):  # names, or lists of unlike length: nothing that stands in a tensor
            return None
    if type(result).__module__ == "numpy" and hasattr(result, "tolist"):
        return torch.from_numpy(result.copy())
    return None


def _dtype_of(result: Any) -> torch.dtype | None:
    """Read Python's floats in full; torch would make them single."""
    while isinstance(result, list):
        result = result[0] if result else 0
    return {float: torch.float64, complex: torch.complex128}.get(type(result))
