"""What forecasting networks share: variables found by name, windows standardized, steps ahead from features.

Legend: B = windows, L = steps seen, H = steps ahead, V = variables, Q = quantiles, K = values known in advance.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from glia.core.errors import UsageError
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.reversible import Reversible

__all__ = ["Horizon", "Standard", "forecasts", "places_of"]


def forecasts(output: Spec) -> bool:
    """Return whether steps ahead are asked for.

    Example:
        >>> forecasts(Spec(("time", "variable"), (96, 7))), forecasts(Spec(("class",), (2,)))
        (True, False)
    """
    return output.axes[:2] == ("time", "variable")


def places_of(series: Spec, output: Spec) -> list[int]:
    """Return where the variables asked for stand among those seen.

    Raises:
        UsageError: A variable asked for is not among those seen.

    Example:
        >>> seen = Spec(("time", "variable"), (4, 2), names=("load", "heat"))
        >>> places_of(seen, Spec(("time", "variable"), (2, 1), names=("heat",)))
        [1]
    """
    asked = int(output.size[1] or 0)
    if not output.names or not series.names:
        return list(range(asked))
    missing = [name for name in output.names if name not in series.names]
    if missing:
        raise UsageError(
            "no_history",
            f"{missing[0]!r} is asked for, but its past is not among the series",
            remedy="forecast a variable whose past is known, or leave it among the inputs",
        )
    return [series.names.index(name) for name in output.names]


class Standard(nn.Module):
    """Series in standard deviations of the training rows; gaps become the mean.

    Args:
        series: The group, with ``center`` and ``spread`` per variable.

    Example:
        >>> spec = Spec(("time", "variable"), (2, 1), center=(10.0,), spread=(2.0,))
        >>> Standard(spec)(torch.tensor([[[12.0], [float("nan")]]])).flatten().tolist()
        [1.0, 0.0]
    """

    def __init__(self, series: Spec) -> None:
        super().__init__()
        width = series.width
        self.register_buffer("center", torch.tensor(series.center or (0.0,) * width), persistent=False)
        self.register_buffer("spread", torch.tensor(series.spread or (1.0,) * width).clamp_min(1e-12), persistent=False)

    center: Tensor
    spread: Tensor

    def forward(self, series_BLV: Tensor) -> Tensor:
        """Return (B, L, V) float32."""
        return ((series_BLV - self.center) / self.spread).nan_to_num(0.0, 0.0, 0.0)


class Horizon(nn.Module):
    """Steps ahead from what an encoder made of a window, for encoders that give one row of features.

    The features carry the window's level and spread and what is known in advance behind what the encoder
    understood, so that the head alone gives the answer.

    Args:
        width: Features of the encoder.
        inputs: The groups; ``"series"`` and, where there is one, ``"future"``.
        output: Steps, variables and perhaps quantiles asked for.
    """

    def __init__(self, width: int, inputs: Specs, output: Spec) -> None:
        super().__init__()
        self.size = [int(size or 1) for size in output.size]
        future = inputs.get("future")
        self.known = future.width if future is not None else 0
        self.encoded = width
        self.line = nn.Linear(width, math.prod(self.size))
        self.ahead = nn.Linear(self.known, math.prod(self.size[1:]), bias=False) if self.known else None

    def packed(self, encoded_BD: Tensor, frame_BV: Tensor, batch: Batch) -> Tensor:
        """Return the features: what the encoder understood, the frame, and what is known in advance."""
        parts = [encoded_BD, frame_BV.to(encoded_BD.dtype)]
        if self.ahead is not None:
            parts.append(batch.values["future"].flatten(1).to(encoded_BD.dtype))
        return torch.cat(parts, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, H, V) or (B, H, V, Q) in standard deviations."""
        variables = self.size[1]
        encoded, level, spread, future = features.split(
            [self.encoded, variables, variables, self.known * self.size[0]], 1
        )
        ahead: Tensor = self.line(encoded).unflatten(1, self.size)
        if self.ahead is not None:
            ahead = ahead + self.ahead(future.unflatten(1, (self.size[0], self.known))).unflatten(2, self.size[1:])
        return Reversible.undo(ahead, level, spread)
