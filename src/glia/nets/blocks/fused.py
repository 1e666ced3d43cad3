"""Batch norm, a shortcut, an activation and a pool in one pass over memory."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["NormActPool"]


class NormActPool(nn.BatchNorm2d):
    """``max_pool(relu(batch_norm(x) + shortcut))`` over channels, with the names of a batch norm.

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
        out: Tensor = super().forward(x)
        if shortcut is not None:
            out = out + shortcut
        if self.relu:
            out = F.relu(out)
        return F.max_pool2d(out, self.pool) if self.pool > 1 else out
