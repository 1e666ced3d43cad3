"""Batch norm, a shortcut, an activation and a pool in one pass over memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.nets.blocks import _native

__all__ = ["NormActPool"]

enabled = False
"""Whether the plan lets blocks run as one pass; set by the plan, read by the blocks."""


class NormActPool(nn.BatchNorm2d):
    """``max_pool(relu(batch_norm(x) + shortcut))`` over channels, with the names of a batch norm.

    Where the plan says so and the input lies channels-last, training runs as one pass of machine code compiled on the
    spot; everywhere else, and whenever there is no compiler, torch's own functions are called.

    Args:
        channels: C, the channels of the input.
        pool: Side and stride of the max pool; 1 = none. Rows and columns that fill no window are left out.
        relu: Whether negative values become 0.

    Example:
        >>> block = NormActPool(3, pool=2)
        >>> tuple(block(torch.randn(4, 3, 8, 8)).shape), sorted(block.state_dict())[0]
        ((4, 3, 4, 4), 'bias')

    Source: Ioffe & Szegedy 2015, "Batch normalization".
    """

    def __init__(self, channels: int, *, pool: int = 1, relu: bool = True) -> None:
        super().__init__(channels)
        self.pool = pool
        self.relu = relu

    def forward(self, x: Tensor, shortcut: Tensor | None = None) -> Tensor:
        """Return (B, C, H // pool, W // pool) for (B, C, H, W); the shortcut has the shape of the input."""
        learns = torch.is_grad_enabled()
        if enabled and self.training and learns and _fits(x, shortcut, self.pool):
            return self._fused(x, shortcut)
        out: Tensor = super().forward(x)
        if shortcut is not None:
            out = out + shortcut
        if self.relu:
            out = F.relu(out, inplace=not learns)
        return F.max_pool2d(out, self.pool) if self.pool > 1 else out

    def _fused(self, x: Tensor, shortcut: Tensor | None) -> Tensor:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        out, mean, var = _Fused.apply(x, shortcut, self.weight, self.bias, self.eps, self.pool, self.relu)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            count = x.numel() // x.shape[1]
            share = float(self.momentum or 0.1)
            self.running_mean.lerp_(mean, share)
            self.running_var.lerp_(var * (count / max(count - 1, 1)), share)
            self.num_batches_tracked.add_(1)
        result: Tensor = out
        return result


def _fits(x: Tensor, shortcut: Tensor | None, pool: int) -> bool:
    """Return whether the machine code takes these tensors."""
    return (
        type(x) is Tensor
        and x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.bfloat16)
        and x.dim() == 4
        and x.numel() > x.shape[1]
        and x.is_contiguous(memory_format=torch.channels_last)
        and (shortcut is None or (shortcut.dtype == x.dtype and shortcut.shape == x.shape))
        and pool <= 15
        and min(x.shape[2:]) >= pool
        and _native.library() is not None
    )


class _Fused(torch.autograd.Function):
    """The same in two passes forward and two backward, by ``_fused.cpp``."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, shortcut: Tensor | None, weight: Tensor, bias: Tensor, eps: float, pool: int, relu: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        code = _native.library()
        assert code is not None
        rows, channels, height, width = x.shape
        half, threads = int(x.dtype == torch.bfloat16), torch.get_num_threads()
        mean, var = torch.empty(2, channels).unbind(0)
        code.glia_stats(_at(x), _long(x.numel() // channels), channels, half, threads, _at(mean), _at(var))
        rstd = (var + eps).rsqrt()
        scale = weight.float() * rstd
        shift = bias.float() - mean * scale
        beside = None if shortcut is None else shortcut.contiguous(memory_format=torch.channels_last)
        shape = (rows, channels, height // pool, width // pool)
        out = torch.empty(shape, dtype=x.dtype, memory_format=torch.channels_last)
        pick = torch.empty(shape, dtype=torch.uint8, memory_format=torch.channels_last)
        sizes = (rows, height, width, channels, pool)
        given = (_at(x), _at(beside), _at(out), _at(pick), _at(scale), _at(shift))
        code.glia_forward(*given, *sizes, int(relu), half, threads)
        ctx.save_for_backward(x, pick, weight, mean, rstd)
        ctx.sizes, ctx.beside = sizes, shortcut is not None
        ctx.mark_non_differentiable(mean, var)
        return out, mean, var

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        code = _native.library()
        assert code is not None
        x, pick, weight, mean, rstd = ctx.saved_tensors
        slope = slopes[0].to(x.dtype).contiguous(memory_format=torch.channels_last)
        half, threads = int(x.dtype == torch.bfloat16), torch.get_num_threads()
        dx = torch.empty_like(x, memory_format=torch.channels_last)
        beside = torch.empty_like(dx) if ctx.beside else None
        dweight, dbias = torch.empty(2, x.shape[1]).unbind(0)
        full = weight.float()
        outs = (_at(dx), _at(beside), _at(full), _at(mean), _at(rstd), _at(dweight), _at(dbias))
        code.glia_backward(_at(slope), _at(x), _at(pick), *outs, *ctx.sizes, half, threads)
        return dx, beside, dweight.to(weight.dtype), dbias.to(weight.dtype), None, None, None


def _at(tensor: Tensor | None) -> Any:
    import ctypes

    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())


def _long(value: int) -> Any:
    import ctypes

    return ctypes.c_long(value)
