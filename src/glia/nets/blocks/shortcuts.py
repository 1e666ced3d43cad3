"""Layers that add to what came in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from glia.nets.blocks.planes import normed

__all__ = ["DropPath", "Shortcut"]


class Shortcut(nn.Module):
    """Layers beside a shortcut (He et al. 2016).

    By default the shortcut is added before the last ReLU, and the last norm begins as zero, so that the block begins
    as its shortcut (Goyal et al. 2017). A shortcut that must change channels or size is a 1 x 1 convolution.

    Args:
        layers: Convolutions made by :func:`~glia.nets.blocks.planes.normed`.
        inputs: Channels taken.
        outputs: Channels given.
        stride: How far the layers shrink a map.
        skip: Whether the shortcut is there.
        after: Whether it is added after the last ReLU instead.

    Example:
        >>> Shortcut([normed(4, 8), normed(8, 8)], 4, 8)(torch.rand(1, 4, 6, 6)).shape
        torch.Size([1, 8, 6, 6])
    """

    def __init__(
        self,
        layers: Sequence[nn.Module],
        inputs: int,
        outputs: int,
        stride: int = 1,
        *,
        skip: bool = True,
        after: bool = False,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.skip, self.after = skip, after
        plain = not skip or (inputs == outputs and stride == 1)
        self.shortcut = None if plain else normed(inputs, outputs, 1, stride, relu=False)
        if skip and not after:
            nn.init.zeros_(cast(nn.BatchNorm2d, layers[-1].get_submodule("norm")).weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outputs, H / stride, W / stride) of (B, inputs, H, W)."""
        inner, last = x, self.layers[-1]
        for layer in self.layers[:-1]:
            inner = layer(inner)
        if not self.skip:
            return last(inner)
        shortcut = x if self.shortcut is None else self.shortcut(x)
        if self.after:
            return last(inner) + shortcut
        return last.get_submodule("norm")(last.get_submodule("conv")(inner), shortcut)


class DropPath(nn.Module):
    """Leave out for some rows of a training batch what a block would add (Huang et al. 2016).

    Args:
        rate: Share of the rows.

    Example:
        >>> DropPath(0.5).eval()(torch.ones(2))
        tensor([1., 1.])
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Return the rows, some of them zero in training and the others scaled up; axis 0 = row."""
        if not self.training or self.rate == 0:
            return x
        keep = torch.rand(x.shape[0], *[1] * (x.dim() - 1), device=x.device) >= self.rate
        return x * keep.to(x.dtype).div(1 - self.rate)
