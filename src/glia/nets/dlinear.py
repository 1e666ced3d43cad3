"""Two linear maps: one for the trend of a window, one for what is left."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.horizon import Standard, places_of
from glia.nets.blocks.places import sequence_of

__all__ = ["DLinear"]


class DLinear(Net):
    """A moving average and the rest, each mapped linearly to the steps ahead, every variable alike (Zeng et al. 2023).

    The features are trend and rest of each variable; the head is the two maps.

    Args:
        inputs: The groups: ``"series"`` and, where there is one, ``"future"``.
        output: Steps, variables and perhaps quantiles asked for.
        average: Steps of the moving average.
        own: Whether each variable has maps of its own.

    Example:
        >>> series = Spec(("time", "variable"), (8, 2))
        >>> net = DLinear({"series": series}, Spec(("time", "variable"), (4, 2)), average=3)
        >>> net(Batch({"series": torch.zeros(1, 8, 2)}, torch.ones(1), torch.arange(1))).shape
        torch.Size([1, 4, 2])
    """

    takes = frozenset({"series", "future"})
    suits = MappingProxyType({"lr": 1e-3, "batch_size": 64, "epochs": 8})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        average: Annotated[int, Range(1)] = 25,
        own: bool = False,
    ) -> None:
        super().__init__(inputs, output)
        sequence_of(inputs, ("series",))
        series = inputs["series"]
        self.standard = Standard(series)
        self.places = places_of(series, output)
        self.size = [int(size or 1) for size in output.size]
        self.length = int(series.size[0] or 1)
        self.average = min(average, self.length)
        steps = self.size[0] * math.prod(self.size[2:])
        maps = len(self.places) if own else 1
        # Every step ahead begins as the mean of the window, as the authors have it.
        self.output_map = nn.Parameter(torch.full((maps, 2 * self.length, steps), 1 / self.length))
        self.output_bias = nn.Parameter(torch.zeros(maps, 1, steps))
        future = inputs.get("future")
        self.known = future.width if future is not None else 0
        self.output_ahead = nn.Linear(self.known, math.prod(self.size[1:]), bias=False) if self.known else None

    def features(self, batch: Batch) -> Tensor:
        """Return trend and rest of each variable, and what is known ahead, (B, V, D)."""
        window = self.standard(batch.values["series"])[:, :, self.places].transpose(1, 2)
        before = (self.average - 1) // 2
        padded = F.pad(window, (before, self.average - 1 - before), mode="replicate")
        trend = F.avg_pool1d(padded, self.average, stride=1)
        parts = [trend, window - trend]
        if self.known:
            parts.append(batch.values["future"].flatten(1)[:, None].expand(-1, len(self.places), -1))
        return torch.cat(parts, 2)

    def head(self, features: Tensor) -> Tensor:
        """Return (B, H, V) or (B, H, V, Q) in standard deviations."""
        both, future = features.split([2 * self.length, self.known * self.size[0]], 2)
        ahead = (both.transpose(0, 1) @ self.output_map + self.output_bias).transpose(0, 1)
        ahead = ahead.unflatten(2, [self.size[0], *self.size[2:]]).transpose(1, 2)
        if self.output_ahead is not None:
            known = future[:, 0].unflatten(1, (self.size[0], self.known))
            ahead = ahead + self.output_ahead(known).unflatten(2, self.size[1:])
        return ahead
