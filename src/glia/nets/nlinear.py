"""One linear map from a window to the steps ahead."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.horizon import Standard, places_of
from glia.nets.blocks.least_squares import ridge
from glia.nets.blocks.places import sequence_of
from glia.nets.blocks.reversible import Frame, Reversible

__all__ = ["NLinear"]


class NLinear(Net):
    """The window minus its last value, one linear map for every variable alike, the last value back on (Zeng 2023).

    The features are the scaled window of each variable, its level and its spread; the head is the map, which begins as
    the ridge regression of the rows it is primed with. Known-in-advance values of a step add a line of their own.

    Args:
        inputs: The groups: ``"series"`` and, where there is one, ``"future"``.
        output: Steps, variables and perhaps quantiles asked for.
        frame: What a window is scaled by.
        own: Whether each variable has a map of its own.
        bias: Whether steps ahead have a level of their own; it learns the drift of the training rows, which seldom
            goes on.
        dropout: Share of the window dropped in training.

    Example:
        >>> series = Spec(("time", "variable"), (8, 2))
        >>> net = NLinear({"series": series}, Spec(("time", "variable"), (4, 2)))
        >>> window = torch.arange(16.0).view(1, 8, 2)
        >>> net(Batch({"series": window}, torch.ones(1), torch.arange(1)))[0, 0].tolist()  # begins with the last value
        [14.0, 15.0]
    """

    takes = frozenset({"series", "future"})
    primes = 1 << 16
    suits = MappingProxyType({"lr": 3e-5, "batch_size": 64, "epochs": 4})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        frame: Frame = "last",
        own: bool = False,
        bias: bool = False,
        dropout: Annotated[float, Range(0, 0.95)] = 0.0,
    ) -> None:
        super().__init__(inputs, output)
        sequence_of(inputs, ("series",))
        series = inputs["series"]
        self.standard, self.reversible = Standard(series), Reversible(frame)
        self.places = places_of(series, output)
        self.size = [int(size or 1) for size in output.size]
        self.dropout = nn.Dropout(dropout)
        self.length = int(series.size[0] or 1)
        steps = self.size[0] * math.prod(self.size[2:])
        self.output_map = nn.Parameter(torch.zeros(len(self.places) if own else 1, self.length, steps))
        self.output_bias = nn.Parameter(torch.zeros(len(self.places) if own else 1, 1, steps)) if bias else None
        future = inputs.get("future")
        self.known = future.width if future is not None else 0
        self.output_ahead = nn.Linear(self.known, math.prod(self.size[1:]), bias=False) if self.known else None
        if self.output_ahead is not None:
            nn.init.zeros_(self.output_ahead.weight)

    @torch.no_grad()
    def prime(self, batch: Batch) -> None:
        """Begin with the ridge regression of training rows.

        Args:
            batch: Training rows in the order of time, with their ``"target"``; without one, the last steps of longer
                windows are what should follow from those before.
        """
        series, target = batch.values["series"], batch.values.get("target")
        if series.shape[1] >= self.length + self.size[0]:
            series = series[:, -self.length - self.size[0] :]
            series, target = series[:, : self.length], series[:, self.length :, self.places]
        if target is None or target.dim() != 3:
            return
        scaled, level, spread = self.reversible(self.standard(series)[:, :, self.places])
        center, unit = (torch.tensor(one) for one in (self.output.center or (0.0,), self.output.spread or (1.0,)))
        # Errors count in the units of the series, not of a window: both sides are weighted by the window's spread.
        truth = (target.float() - center) / unit.clamp_min(1e-12) - level[:, None]
        rows = truth.isfinite().flatten(1).all(1) & (batch.weight > 0)
        if int(rows.sum()) < 2:
            return
        x, y = (scaled * spread[:, None])[rows], truth[rows]
        # Where a series is restless its errors are large, whatever the map: they teach less (Aitken 1936).
        calm = 1 / (1 + x.var(1, unbiased=False))
        groups = range(len(self.places)) if len(self.output_map) > 1 else [slice(None)]
        copies = math.prod(self.size[2:])
        for at, group in enumerate(groups):
            x_NL = x[:, :, group].reshape(len(x), self.length, -1).transpose(1, 2).flatten(0, 1)
            y_NH = y[:, :, group].reshape(len(y), self.size[0], -1).transpose(1, 2).flatten(0, 1)
            self.output_map[at] = ridge(x_NL, y_NH, calm[:, group].flatten()).repeat_interleave(copies, 1)

    def features(self, batch: Batch) -> Tensor:
        """Return the scaled window of each variable, its level and its spread, and what is known ahead, (B, V, D)."""
        window = self.standard(batch.values["series"])[:, :, self.places]
        scaled, level, spread = self.reversible(window)
        parts = [self.dropout(scaled).transpose(1, 2), level[:, :, None], spread[:, :, None]]
        if self.known:
            future = batch.values["future"].flatten(1)[:, None]
            parts.append(future.expand(-1, len(self.places), -1))
        return torch.cat(parts, 2)

    def head(self, features: Tensor) -> Tensor:
        """Return (B, H, V) or (B, H, V, Q) in standard deviations."""
        scaled, level, spread, future = features.split([self.length, 1, 1, self.known * self.size[0]], 2)
        # (V, B, L) @ (V or 1, L, H): one product for each variable's own map, or one for all
        ahead = (scaled.transpose(0, 1) @ self.output_map).transpose(0, 1)
        if self.output_bias is not None:
            ahead = ahead + self.output_bias.transpose(0, 1)
        ahead = ahead.unflatten(2, [self.size[0], *self.size[2:]]).transpose(1, 2)
        if self.output_ahead is not None:
            known = future[:, 0].unflatten(1, (self.size[0], self.known))
            ahead = ahead + self.output_ahead(known).unflatten(2, self.size[1:])
        return self.reversible.undo(ahead, level[:, :, 0], spread[:, :, 0])
