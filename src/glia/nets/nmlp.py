"""A perceptron beside one linear map, from a window to the steps ahead."""

from __future__ import annotations

import math
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.horizon import places_of
from glia.nets.blocks.places import sequence_of

__all__ = ["NMlp"]

_STILL = 1e-3  # of a window's mean size: what a window that hardly moves is divided by
_LIVELIEST, _STILLEST = 3.0, -6.0


class NMlp(Net):
    """A window less its last steps' mean, over its spread; a perceptron beside a linear map, every variable alike.

    For many series together: as each window is scaled by nothing but itself, what one series taught serves another of
    any size. Both begin with nothing, so that the first forecast is the level. The perceptron is also told how large a
    window's spread is beside its size. The features are what it understood, the window, its level and its spread.

    Args:
        inputs: The groups: ``"series"`` and, where there is one, ``"future"``.
        output: Steps, variables and perhaps quantiles asked for.
        width: Width of a layer of the perceptron.
        depth: Layers.
        recent: Steps whose mean is the level; 0 = as many as are asked for.
        dropout: Share dropped in training, after each layer.

    Example:
        >>> series = Spec(("time", "variable"), (8, 2))
        >>> net = NMlp({"series": series}, Spec(("time", "variable"), (4, 2)), width=4)
        >>> window = torch.arange(16.0).view(1, 8, 2)
        >>> net(Batch({"series": window}, torch.ones(1), torch.arange(1)))[0, 0].tolist()  # begins with the level
        [11.0, 12.0]
    """

    takes = frozenset({"series", "future"})
    suits = MappingProxyType({"lr": 3e-3, "batch_size": 512, "weight_decay": 0.01, "epochs": 12})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 256,
        depth: Annotated[int, Range(1)] = 2,
        recent: Annotated[int, Range(0)] = 0,
        dropout: Annotated[float, Range(0, 0.95)] = 0.0,
    ) -> None:
        super().__init__(inputs, output)
        sequence_of(inputs, ("series",))
        series = inputs["series"]
        self.places = places_of(series, output)
        self.size = [int(size or 1) for size in output.size]
        self.length = int(series.size[0] or 1)
        self.recent = min(recent or self.size[0], self.length)
        center, spread = series.center or (0.0,) * series.width, series.spread or (1.0,) * series.width
        self.register_buffer("center", torch.tensor([center[at] for at in self.places]), persistent=False)
        self.register_buffer("spread", torch.tensor([spread[at] for at in self.places]), persistent=False)
        steps = self.size[0] * math.prod(self.size[2:])
        sizes = [self.length + 1, *([width] * depth)]
        layers = [[nn.Linear(a, b), nn.ReLU(), nn.Dropout(dropout)] for a, b in pairwise(sizes)]
        self.layers = nn.Sequential(*(one for layer in layers for one in layer))
        self.output_line = nn.Linear(width, steps)
        self.output_map = nn.Linear(self.length, steps, bias=False)
        future = inputs.get("future")
        self.known = future.width if future is not None else 0
        self.output_ahead = nn.Linear(self.known, math.prod(self.size[1:]), bias=False) if self.known else None
        for line in filter(None, (self.output_line, self.output_map, self.output_ahead)):
            nn.init.zeros_(line.weight)
        nn.init.zeros_(self.output_line.bias)

    center: Tensor
    spread: Tensor

    def features(self, batch: Batch) -> Tensor:
        """Return what was understood of each variable, its window, level and spread, what is ahead, (B, V, D)."""
        scaled, level, spread, lively = self._framed(batch)
        deep = self.layers(torch.cat([scaled, lively[:, :, None]], 2))
        parts = [deep, *(one.to(deep.dtype) for one in (scaled, level[:, :, None], spread[:, :, None]))]
        if self.known:
            parts.append(batch.values["future"].flatten(1)[:, None].expand(-1, len(self.places), -1))
        return torch.cat(parts, 2)

    def head(self, features: Tensor) -> Tensor:
        """Return (B, H, V) or (B, H, V, Q) in standard deviations of the training rows."""
        deep, scaled, level, spread, future = features.split(
            [self.output_line.in_features, self.length, 1, 1, self.known * self.size[0]], 2
        )
        ahead = (self.output_line(deep) + self.output_map(scaled)).unflatten(2, [self.size[0], *self.size[2:]])
        ahead = ahead.transpose(1, 2)  # (B, H, V) or (B, H, V, Q)
        if self.output_ahead is not None:
            known = future[:, 0].unflatten(1, (self.size[0], self.known))
            ahead = ahead + self.output_ahead(known).unflatten(2, self.size[1:])
        after = (...,) + (None,) * (ahead.dim() - 3)
        level, spread = level[:, None, :, 0], spread[:, None, :, 0]
        center, unit = self.center[after], self.spread[after]
        return (ahead * spread[after] + level[after] - center) / unit

    def _framed(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return scaled windows (B, V, L), level and spread in raw units (B, V), and how lively they are (B, V)."""
        window_BVL = batch.values["series"][:, :, self.places].float().transpose(1, 2)
        window_BVL = window_BVL.where(window_BVL.isfinite(), self.center[:, None])
        level_BV = window_BVL[:, :, -self.recent :].mean(2)
        size_BV = window_BVL.abs().mean(2) + 1e-6 * self.spread
        spread_BV = window_BVL.std(2, unbiased=False) + _STILL * size_BV
        lively_BV = (spread_BV / size_BV).log().clamp(_STILLEST, _LIVELIEST) / 2
        return (window_BVL - level_BV[:, :, None]) / spread_BV[:, :, None], level_BV, spread_BV, lively_BV
