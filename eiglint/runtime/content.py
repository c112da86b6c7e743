"""Recognise a matrix by what stands in it, so that decomposing it twice gives the same outputs twice."""

from __future__ import annotations

import ctypes
import hashlib
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def unwrapped(tensor: Tensor) -> Tensor:
    """Look through the wrappers of torch.func and vmap."""
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(tensor):
        tensor = functorch.get_unwrapped(tensor)
    return tensor


def is_batched(tensor: Tensor) -> bool:
    """Tell whether a vmap is hiding a dimension of the tensor, so that its entries cannot be read one by one."""
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(tensor):
        if functorch.is_batchedtensor(tensor):
            return True
        tensor = functorch.get_unwrapped(tensor)
    return False


def _dense(tensor: Tensor) -> Tensor:
    """Give a sparse matrix (lobpcg takes them) as the numbers that are stored: places, then values."""
    if tensor.layout is torch.strided:
        return tensor
    stored = tensor.to_sparse(layout=torch.sparse_coo).coalesce()
    return torch.cat([stored.indices().to(stored.dtype), stored.values().unsqueeze(0)])


def outside_transforms() -> AbstractContextManager[object]:
    """Step out of torch.func's transforms, which would wrap each new tensor and so hide its memory."""
    if torch._C._functorch.peek_interpreter_stack() is None:
        return nullcontext()
    from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack

    return temporarily_clear_interpreter_stack()


def fingerprint(tensor: Tensor) -> bytes:
    """Digest shape, dtype, device and bytes.

    Addresses and version counters would not do: memory is freed and reused, views share it, and in-place changes
    through `.data` leave no trace. Content cannot be confused.
    """
    with outside_transforms():
        inner = _dense(unwrapped(tensor).detach())
        flat = inner.resolve_conj().resolve_neg().to("cpu").contiguous()
    digest = hashlib.blake2b(repr((tuple(tensor.shape), tuple(flat.shape), tensor.dtype, tensor.device)).encode())
    size = flat.numel() * flat.element_size()
    if size:
        digest.update((ctypes.c_char * size).from_address(flat.data_ptr()))
    return digest.digest()
