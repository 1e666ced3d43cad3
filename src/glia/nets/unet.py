"""The U-Net."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.errors import UsageError
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.pixels import Pixels
from glia.nets.blocks.planes import normed, padded_to, picture

__all__ = ["UNet"]

_LARGE = 128
"""Pixels of the longer side from which a picture is large."""


class UNet(Net):
    """A U-Net (Ronneberger et al. 2015): down to see what there is, up again to say where, pixel by pixel.

    With the changes of later years: batch norm, borders kept, maps narrowed, then enlarged by repetition before
    a convolution, which leaves no checkerboard (Odena et al. 2016). Of large pictures classes are answered for every
    second pixel and enlarged smoothly: four times as many steps in the same time are worth more than the last edge.

    Args:
        inputs: The pictures it reads.
        output: The answer's spec: an axis of classes or channels, then height and width.
        width: Channels at full size; every level below doubles them.
        levels: How often the maps are halved; fewer for pictures that are soon used up.
        depth: Convolutions of a level, down and up.
        dropout: Share of the values of the lowest maps dropped in training.
        stride: Every how many pixels it answers, a power of two; ``None`` = 2 for classes of pictures of more than
            128 pixels, else 1.

    Raises:
        UsageError: The answer asked for is not one for every pixel.

    Example:
        >>> spec = Spec(("channel", "height", "width"), (3, 48, 40), "uint8")
        >>> net = UNet({"image": spec}, Spec(("class", "height", "width"), (2, 48, 40)), width=4)
        >>> net(Batch({"image": torch.zeros(1, 3, 48, 40)}, torch.ones(1), torch.arange(1))).shape
        torch.Size([1, 2, 48, 40])
    """

    suits = MappingProxyType(
        {"lr": 3e-3, "weight_decay": 0.05, "batch_size": 4, "schedule": "one_cycle", "epochs": 300}
    )
    takes = frozenset({"image"})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 16,
        levels: Annotated[int, Range(1, 7)] = 4,
        depth: Annotated[int, Range(1, 8)] = 2,
        dropout: Annotated[float, Range(0, 0.95)] = 0.1,
        stride: Annotated[int, Range(1, 8)] | None = None,
    ) -> None:
        super().__init__(inputs, output)
        spec, channels, height, width_ = picture(inputs)
        if output.axes[1:] != ("height", "width") or output.size[0] is None:
            raise UsageError(
                "net_unfit",
                f"unet answers every pixel, and {' x '.join(output.axes)} is asked for",
                remedy="choose a network such as cnn or resnet, which answer a picture as a whole",
            )
        if stride is not None and stride & (stride - 1):
            raise UsageError(
                "bad_option", f"net.stride must be a power of two, got {stride}", remedy="take net.stride=2"
            )
        self.pixels = Pixels(spec)
        self.size, self.stride = (height, width_), stride or _stride(output, max(height, width_))
        levels = max(1, min(levels, (min(height, width_) // self.stride // 2).bit_length() - 1))
        self.multiple = self.stride * 2**levels
        self.stem = nn.Sequential()
        for _ in range(self.stride.bit_length() - 1):
            self.stem.append(normed(channels, width, 3, 2))
            channels = width
        widths = [width * 2**level for level in range(levels + 1)]
        self.down = nn.ModuleList(
            _convolutions(before, after, depth) for before, after in zip([channels, *widths], widths)
        )
        self.shrink = nn.MaxPool2d(2)
        self.dropout = Dropout(dropout)
        self.narrow = nn.ModuleList(normed(2 * wide, wide, 1) for wide in widths[:-1])
        self.up = nn.ModuleList(_convolutions(2 * wide, wide, depth) for wide in widths[:-1])
        self.output_layer = nn.Conv2d(width, output.size[0], 1)

    def features(self, batch: Batch) -> Tensor:
        """Return the last maps, (B, width, H, W) padded to whole cells and divided by the stride."""
        x, kept = self.stem(padded_to(self.pixels(batch), self.multiple)), []
        for index, level in enumerate(self.down):
            x = level(self.shrink(x) if index else x)
            kept.append(x)
        x = self.dropout(x)
        for index in reversed(range(len(self.up))):
            larger = F.interpolate(self.narrow[index](x), scale_factor=2.0, mode="nearest")
            x = self.up[index](torch.cat([kept[index], larger], 1))
        return x

    def head(self, features: Tensor) -> Tensor:
        """Return the answer for each pixel, (B, classes or channels, H, W)."""
        answer = self.output_layer(features)
        if self.stride > 1:
            answer = F.interpolate(answer, scale_factor=float(self.stride), mode="bilinear", align_corners=False)
        return answer[:, :, : self.size[0], : self.size[1]]


def _stride(output: Spec, side: int) -> int:
    """Return every how many pixels to answer; what is given back must keep every one."""
    return 2 if output.axes[0] == "class" and side > _LARGE else 1


def _convolutions(inputs: int, outputs: int, depth: int) -> nn.Sequential:
    return nn.Sequential(*(normed(inputs if index == 0 else outputs, outputs) for index in range(depth)))
