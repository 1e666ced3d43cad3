"""Places as waves (Vaswani et al. 2017).

Legend: L = places, W = width of a place.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["sinusoids"]


def sinusoids(length: int, width: int, first: int = 0, device: torch.device | None = None) -> Tensor:
    """Return sines and cosines of the places ``first`` to ``first + length - 1``, (L, W) float32.

    One sequence that looks into another needs to know where it stands, and distances within each do not say.

    Example:
        >>> sinusoids(2, 4)[0].tolist()
        [0.0, 0.0, 1.0, 1.0]
    """
    half = (width + 1) // 2
    rates = torch.exp(-math.log(10_000.0) * torch.arange(half, device=device) / half)
    angle = torch.arange(first, first + length, device=device)[:, None] * rates
    return torch.cat([angle.sin(), angle.cos()], 1)[:, :width]
