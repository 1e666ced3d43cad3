"""A detector without anchors, in a single stage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.errors import UsageError
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.decay import undecayed
from glia.nets.blocks.norms import norm
from glia.nets.blocks.pixels import Pixels
from glia.nets.blocks.planes import convolution, normed, padded_to, picture
from glia.nets.blocks.points import points
from glia.nets.blocks.shortcuts import Shortcut

__all__ = ["Detector"]

_FIRST_SCORE = 0.01
"""Objects are rare among places: a first score of one half would drown their gradient (Lin et al. 2017)."""
_FIRST_REACH = 2.0
"""How far a box reaches from its place at first, in cells."""


class Detector(Net):
    """From every cell of some maps, the box around an object and a score for each class (FCOS; Tian et al. 2019).

    Residual stages shrink the picture, the coarser maps are added to the finer ones (Lin et al. 2017, feature
    pyramids), and one small head, shared by all maps, looks at each cell.

    It answers, for each cell: left, top, right, bottom of the box, the cell's x and y, all in shares of the picture,
    and a logit per class.

    Args:
        inputs: The pictures it reads.
        output: The answer's spec, of axes ``("box", "class")``.
        width: Channels of the first stage; later ones have up to four times as many.
        stride: Side of a cell of the finest map, in pixels, a power of two; ``None`` = 4 up to 128 pixels, else 8.
        levels: How many maps, each half as fine as the one before.
        depth: Blocks of a stage.
        dropout: Share of what the head reads dropped in training.

    Raises:
        UsageError: The answer asked for is not boxes, or the stride is no power of two.

    Example:
        >>> spec = Spec(("channel", "height", "width"), (3, 64, 64), "uint8")
        >>> net = Detector({"image": spec}, Spec(("box", "class"), (None, 2)), width=4)
        >>> net(Batch({"image": torch.zeros(1, 3, 64, 64)}, torch.ones(1), torch.arange(1))).shape  # 256 + 64 + 16
        torch.Size([1, 336, 8])
    """

    suits = MappingProxyType(
        {"lr": 3e-3, "weight_decay": 0.05, "batch_size": 8, "schedule": "one_cycle", "clip_norm": 10.0, "epochs": 150}
    )
    takes = frozenset({"image"})
    points: Tensor

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(4)] = 24,
        stride: Annotated[int, Range(2, 64)] | None = None,
        levels: Annotated[int, Range(1, 5)] = 3,
        depth: Annotated[int, Range(1, 8)] = 1,
        dropout: Annotated[float, Range(0, 0.95)] = 0.0,
    ) -> None:
        super().__init__(inputs, output)
        spec, channels, height, width_ = picture(inputs)
        stride = stride or (4 if max(height, width_) <= 128 else 8)
        _check(output, stride)
        self.pixels = Pixels(spec)
        halvings = stride.bit_length() - 1
        widths = [width * min(4, 2**level) for level in range(halvings + levels)]
        self.stem = normed(channels, widths[0], 3, 2)
        self.stages = nn.ModuleList(
            _stage(widths[max(level - 1, 0)], widths[level], depth, first=level == 0)
            for level in range(halvings + levels - 1)
        )
        self.levels = levels
        wide = 2 * width
        self.joints = nn.ModuleList(convolution(widths[-1 - levels + at], wide, 1, bias=True) for at in range(levels))
        self.smooth = nn.ModuleList(convolution(wide, wide, bias=True) for _ in range(levels))
        self.says, self.reaches = _tower(wide, dropout), _tower(wide, dropout)
        self.output_layer = nn.Linear(wide, output.width)
        self.output_reach = nn.Linear(wide, 4)
        nn.init.normal_(self.output_layer.weight, std=0.01)
        nn.init.constant_(self.output_layer.bias, -math.log(1 / _FIRST_SCORE - 1))
        nn.init.normal_(self.output_reach.weight, std=0.01)
        nn.init.constant_(self.output_reach.bias, math.log(_FIRST_REACH))
        strides = [stride * 2**level for level in range(levels)]
        self.register_buffer("points", points(height, width_, strides), persistent=False)
        sides = torch.tensor([width_, height] * 3, dtype=torch.float32)
        self.register_buffer("sides", sides, persistent=False)

    sides: Tensor

    def features(self, batch: Batch) -> Tensor:
        """Return what is seen in each cell, (B, A, 2 x width of the maps): for the class, and for the box."""
        x, maps = self.stem(padded_to(self.pixels(batch), 2)), []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        above: Tensor | None = None
        seen: list[Tensor] = []
        for at in reversed(range(self.levels)):
            here = self.joints[at](maps[len(maps) - self.levels + at])
            if above is not None:  # a map of odd size is covered by half as many cells, rounded up
                larger = F.interpolate(above, scale_factor=2.0, mode="nearest")
                here = here + larger[:, :, : here.shape[2], : here.shape[3]]
            above = here
            smooth = F.relu(self.smooth[at](here))
            seen.insert(0, torch.cat([self.says(smooth), self.reaches(smooth)], 1).flatten(2))
        return torch.cat(seen, 2).transpose(1, 2)

    def head(self, features: Tensor) -> Tensor:
        """Return box and place in shares of the picture, then a logit per class, (B, A, 4 + 2 + classes)."""
        says, reaches = features.chunk(2, -1)
        reach = self.output_reach(reaches).float().clamp_max(6.0).exp() * self.points[:, 2:]
        middle = self.points[:, :2].expand(*reach.shape[:-1], 2)
        boxes = torch.cat([middle - reach[..., :2], middle + reach[..., 2:], middle], -1) / self.sides
        return torch.cat([boxes, self.output_layer(says).float()], -1)

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return no decay for biases."""
        return undecayed(self)


def _check(output: Spec, stride: int) -> None:
    if output.axes != ("box", "class"):
        raise UsageError(
            "net_unfit",
            f"detector answers with boxes, and {' x '.join(output.axes)} is asked for",
            remedy="choose cnn or resnet for classes and numbers, unet for masks",
        )
    if stride & (stride - 1):
        raise UsageError("bad_option", f"net.stride must be a power of two, got {stride}", remedy="take net.stride=8")


def _stage(inputs: int, outputs: int, depth: int, *, first: bool) -> nn.Sequential:
    """Return residual blocks, the first of which halves the maps (the stem has halved the picture already)."""
    blocks = []
    for index in range(depth):
        step = 2 if index == 0 and not first else 1
        before = inputs if index == 0 else outputs
        blocks.append(Shortcut([normed(before, outputs, 3, step), normed(outputs, outputs)], before, outputs, step))
    return nn.Sequential(*blocks)


def _tower(width: int, dropout: float) -> nn.Sequential:
    """Return the part of the head before its last layer; maps of all sizes share it, so norms keep no statistics."""
    return nn.Sequential(
        convolution(width, width),
        norm("group", width),
        nn.ReLU(),
        nn.Dropout2d(dropout),
        convolution(width, width),
        norm("group", width),
        nn.ReLU(),
    )
