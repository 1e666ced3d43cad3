"""Scaling of each window by itself, taken back after forecasting.

Legend: B = windows, L = steps seen, H = steps ahead, V = variables.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

__all__ = ["Frame", "Reversible"]

Frame = Literal["last", "mean", "none"]
_LEAST = 1e-2  # of a training standard deviation: what a window that hardly moves is divided by


class Reversible(nn.Module):
    """Each window minus its level, over its spread; the forecast gets both back (Kim et al. 2022, "RevIN").

    A series that drifts looks alike at every height then. Taking off the last value alone is what NLinear does
    (Zeng et al. 2023).

    Args:
        frame: ``"last"`` takes off the last value, ``"mean"`` the mean and divides by the standard deviation,
            ``"none"`` leaves windows as they are.

    Example:
        >>> reversible = Reversible("mean")
        >>> window = torch.tensor([[[10.0], [12.0]]])
        >>> scaled, level, spread = reversible(window)
        >>> reversible.undo(scaled, level, spread).flatten().tolist()
        [10.0, 12.0]
    """

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.frame = frame

    def forward(self, window_BLV: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the scaled window (B, L, V), its level (B, V) and its spread (B, V)."""
        level_BV, spread_BV = window_BLV[:, -1], torch.ones_like(window_BLV[:, -1])
        if self.frame == "none":
            level_BV = torch.zeros_like(level_BV)
        elif self.frame == "mean":
            level_BV = window_BLV.mean(1)
            spread_BV = (window_BLV.var(1, unbiased=False) + _LEAST**2).sqrt()
        return (window_BLV - level_BV[:, None]) / spread_BV[:, None], level_BV, spread_BV

    @staticmethod
    def undo(ahead: Tensor, level_BV: Tensor, spread_BV: Tensor) -> Tensor:
        """Return steps ahead, (B, H, V) or (B, H, V, Q), at the height and in the spread of their window."""
        after = (...,) + (None,) * (ahead.dim() - 3)
        return ahead * spread_BV[:, None][after] + level_BV[:, None][after]
