"""Operations and working memory of a call, counted on meta tensors, which have shapes and no data.

Operations are multiplications and additions, as torch's FlopCounterMode counts them: matrix products, convolutions and
attention. A causal kernel may leave out up to half of the attention; it is counted whole. Working memory is the most
bytes that are alive at one time, of all tensors that the call makes.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

Result = TypeVar("Result")


@dataclass(frozen=True)
class Cost:
    """One call: floating point operations, and bytes of working memory."""

    operations: float
    working: float


@torch.no_grad()
def measure(call: Callable[[], Result]) -> tuple[Cost, Result]:
    """Run a call on the meta device. Return its cost and its result. Tensors that the call makes without naming a
    device are meta tensors."""
    with (
        torch.device("meta"),
        _FusedAttention() as attention,
        _LiveBytes() as live,
        FlopCounterMode(display=False) as c,
    ):
        result = call()
    return Cost(attention.operations + c.get_total_flops(), live.peak), result


class _FusedAttention(TorchFunctionMode):
    """Replaces attention by an empty result and counts it: the meta device has only the kernel that keeps all scores,
    and fused kernels, which a real device has, keep none."""

    operations = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is not functional.scaled_dot_product_attention:
            return func(*args, **(kwargs or {}))
        named = dict(zip(("query", "key", "value"), args, strict=False)) | (kwargs or {})
        query, key, value = (named[name] for name in ("query", "key", "value"))
        self.operations += 2 * query[..., 0].numel() * key.shape[-2] * (query.shape[-1] + value.shape[-1])
        return query.new_empty(*query.shape[:-1], value.shape[-1])


class _LiveBytes(TorchDispatchMode):
    """Counts the bytes of the storages that were made inside and are not released yet."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known: dict[int, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {tensor.untyped_storage()._cdata for tensor in tensors((args, kwargs))}
        made = func(*args, **(kwargs or {}))
        for storage in (tensor.untyped_storage() for tensor in tensors(made)):
            if storage._cdata not in given | self._known.keys():
                self._known[storage._cdata] = storage.nbytes()
                self.now += storage.nbytes()
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self._release, storage._cdata)
        return made

    def _release(self, key: int) -> None:
        self.now -= self._known.pop(key)


def tensors(values: Any) -> list[Tensor]:
    """List the tensors in nested lists, tuples and dictionaries."""
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]
