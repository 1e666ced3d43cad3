"""ConvNeXt."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.beside import Beside
from glia.nets.blocks.decay import undecayed
from glia.nets.blocks.pixels import Pixels
from glia.nets.blocks.planes import LayerNorm2d, padded_to, picture, plain_answer
from glia.nets.blocks.shortcuts import DropPath

__all__ = ["ConvNeXt"]


class ConvNeXt(Net):
    """ConvNeXt (Liu et al. 2022), small: depthwise 7 x 7 windows, and what transformers do to each pixel.

    Pictures are cut into patches first, of 4 x 4 pixels from 96 pixels on, of 2 x 2 below.

    Args:
        inputs: The groups it reads: pictures, and columns of a table beside them.
        output: The answer's spec.
        width: Channels of the first stage; each stage doubles them.
        stages: Stages, each with maps half as large.
        depth: Blocks of a stage; the last but one has twice as many.
        expansion: Width inside a block, as a multiple of the stage's channels.
        drop_path: Share of the rows for which the last block is left out in training; earlier ones less.

    Example:
        >>> spec = Spec(("channel", "height", "width"), (3, 32, 32), "uint8")
        >>> net = ConvNeXt({"image": spec}, Spec(("class",), (10,)), width=8)
        >>> [len(stage.blocks) for stage in net.stages]
        [2, 4, 2]
    """

    suits = MappingProxyType(
        {"lr": 4e-3, "weight_decay": 0.05, "batch_size": 128, "schedule": "one_cycle", "epochs": 30}
    )
    takes = frozenset({"image", "number", "category", "dense"})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 48,
        stages: Annotated[int, Range(1, 5)] = 3,
        depth: Annotated[int, Range(1, 16)] = 2,
        expansion: Annotated[float, Range(0.5, 16)] = 4.0,
        drop_path: Annotated[float, Range(0, 0.9)] = 0.1,
    ) -> None:
        super().__init__(inputs, output)
        spec, channels, height, width_ = picture(inputs)
        answer = plain_answer(output, "convnext")
        self.pixels, self.beside = Pixels(spec), Beside(inputs)
        self.patch = 4 if min(height, width_) >= 96 else 2
        self.stem = nn.Sequential(nn.Conv2d(channels, width, self.patch, self.patch), LayerNorm2d(width))
        counts = [depth * (2 if stages > 1 and index == stages - 2 else 1) for index in range(stages)]
        rates = iter(torch.linspace(0, drop_path, sum(counts)).tolist())
        self.stages = nn.ModuleList(
            _Stage(width * 2**index, [next(rates) for _ in range(count)], expansion, first=index == 0)
            for index, count in enumerate(counts)
        )
        last = width * 2 ** (stages - 1)
        self.last = nn.LayerNorm(last)
        self.output_layer = nn.Linear(last + self.beside.width, answer)

    def features(self, batch: Batch) -> Tensor:
        """Return the last maps, averaged and normalized, and the columns beside them, (B, features)."""
        x = self.stem(padded_to(self.pixels(batch), self.patch))
        for stage in self.stages:
            x = stage(x)
        return self.beside(self.last(x.mean((2, 3))), batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, width of the answer)."""
        return self.output_layer(features)

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return no decay for biases."""
        return undecayed(self)


class _Stage(nn.Module):
    """Blocks of one width, after a convolution that halves the maps of the stage before."""

    def __init__(self, width: int, rates: list[float], expansion: float, *, first: bool) -> None:
        super().__init__()
        self.down = None if first else nn.Sequential(LayerNorm2d(width // 2), nn.Conv2d(width // 2, width, 2, 2))
        self.blocks = nn.Sequential(*(_Block(width, round(width * expansion), rate) for rate in rates))

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(x if self.down is None else self.down(padded_to(x, 2)))


class _Block(nn.Module):
    """A window over each channel, then a layer over the channels of each pixel, scaled and added."""

    def __init__(self, width: int, hidden: int, rate: float) -> None:
        super().__init__()
        self.window = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, hidden)
        self.contract = nn.Linear(hidden, width)
        # A millionth, as published for hundreds of epochs, would keep short trainings from using the blocks at all.
        self.scale = nn.Parameter(torch.full((width,), 0.1))
        self.path = DropPath(rate)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.norm(self.window(x).permute(0, 2, 3, 1))
        inner = self.contract(nn.functional.gelu(self.expand(inner))) * self.scale
        return x + self.path(inner.permute(0, 3, 1, 2))
