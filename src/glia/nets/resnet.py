"""The ResNet for pictures."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Literal

from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.among import Among
from glia.nets.blocks.beside import Beside
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.pixels import Pixels
from glia.nets.blocks.planes import normed, picture, plain_answer
from glia.nets.blocks.shortcuts import Shortcut

__all__ = ["ResNet"]

_BLOCKS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    20: (3, 3, 3),
    32: (5, 5, 5),
    44: (7, 7, 7),
    56: (9, 9, 9),
}
"""Blocks of each stage by the number of layers; those of three stages are the ones for CIFAR."""


class ResNet(Net):
    """A residual network (He et al. 2016): layers learn what to add to what came in, so that depth does no harm.

    ``18``, ``34`` and ``50`` are those of ImageNet, ``20``, ``32``, ``44`` and ``56`` the narrow ones of CIFAR, ``9``
    the quick one of D. Page (How to train your ResNet, 2019). Small pictures begin with a 3 x 3 window and keep their
    size, others with 7 x 7, stride and pooling. Without ``skip`` the same layers stand in a row, which shows why the
    shortcuts are there.

    Args:
        inputs: The groups it reads: pictures, and columns of a table beside them.
        output: The answer's spec.
        depth: Layers with weights; says which network it is.
        width: Channels of the first stage; ``None`` = 64, and 16 for CIFAR's.
        skip: Whether there are shortcuts.
        stem: The first layers; ``"auto"`` takes the small ones up to 64 pixels.
        dropout: Share of the last hidden values dropped in training.

    Example:
        >>> spec = Spec(("channel", "height", "width"), (3, 32, 32), "uint8")
        >>> sum(p.numel() for p in ResNet({"image": spec}, Spec(("class",), (10,)), depth=20).parameters())
        272474
    """

    suits = MappingProxyType(
        {"lr": 5e-3, "weight_decay": 0.05, "batch_size": 128, "schedule": "one_cycle", "epochs": 20}
    )
    takes = frozenset({"image", "number", "category", "dense"})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        depth: Annotated[int, Among(9, 18, 34, 50, 20, 32, 44, 56)] = 18,
        width: Annotated[int, Range(1)] | None = None,
        skip: bool = True,
        stem: Literal["auto", "small", "large"] = "auto",
        dropout: Annotated[float, Range(0, 0.95)] = 0.0,
    ) -> None:
        super().__init__(inputs, output)
        spec, channels, height, width_ = picture(inputs)
        answer = plain_answer(output, "resnet")
        self.pixels, self.beside = Pixels(spec), Beside(inputs)
        small = max(height, width_) <= 64 if stem == "auto" else stem == "small"
        wide = width or (16 if depth in (20, 32, 44, 56) else 64)
        self.stem = (
            normed(channels, wide) if small else nn.Sequential(normed(channels, wide, 7, 2), nn.MaxPool2d(3, 2, 1))
        )
        made = _nine(wide, skip) if depth == 9 else _stages(wide, depth, skip)
        self.stages, features = made
        self.dropout = Dropout(dropout)
        self.output_layer = nn.Linear(features + self.beside.width, answer)

    def features(self, batch: Batch) -> Tensor:
        """Return the last maps, averaged over all places, and the columns beside them, (B, features)."""
        maps = self.stages(self.stem(self.pixels(batch)))
        return self.beside(self.dropout(maps.mean((2, 3))), batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, width of the answer)."""
        return self.output_layer(features)


def _stages(wide: int, depth: int, skip: bool) -> tuple[nn.Sequential, int]:
    """Return the stages and the channels they end with."""
    grow = 4 if depth == 50 else 1
    stages, inputs = [], wide
    for stage, count in enumerate(_BLOCKS[depth]):
        inner = wide * 2**stage
        blocks = []
        for index in range(count):
            stride = 2 if stage and not index else 1
            blocks.append(_block(inputs, inner, inner * grow, stride, skip))
            inputs = inner * grow
        stages.append(nn.Sequential(*blocks))
    return nn.Sequential(*stages), inputs


def _block(inputs: int, inner: int, outputs: int, stride: int, skip: bool) -> Shortcut:
    if inner == outputs:
        layers = [normed(inputs, inner, 3, stride), normed(inner, outputs)]
    else:
        layers = [normed(inputs, inner, 1), normed(inner, inner, 3, stride), normed(inner, outputs, 1)]
    return Shortcut(layers, inputs, outputs, stride, skip=skip)


def _nine(wide: int, skip: bool) -> tuple[nn.Sequential, int]:
    """Return the quick network's layers: widen and pool three times, a block after the first and the last."""

    def block(width: int) -> Shortcut:
        return Shortcut([normed(width, width), normed(width, width)], width, width, skip=skip, after=True)

    layers = [normed(wide, 2 * wide, pool=2), block(2 * wide), normed(2 * wide, 4 * wide, pool=2)]
    return nn.Sequential(*layers, normed(4 * wide, 8 * wide, pool=2), block(8 * wide)), 8 * wide
