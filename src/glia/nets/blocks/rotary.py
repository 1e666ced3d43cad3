"""Places as angles (Su et al. 2021, "RoFormer", https://arxiv.org/abs/2104.09864).

Legend: B = rows, H = heads, L = places, D = width of a head.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Rotary"]


class Rotary(nn.Module):
    """Turn queries and keys by an angle that grows with their place, so that only distances count.

    Args:
        width: Width of a head, an even number.
        base: The slowest pair of values turns once in about ``2π · base`` places.

    Example:
        >>> rotary = Rotary(4)
        >>> x = torch.ones(1, 2, 1, 4)
        >>> turned = rotary(x, rotary.angles(2))
        >>> torch.equal(turned[0, 0], x[0, 0]), torch.equal(turned[0, 1], x[0, 1])
        (True, False)
    """

    def __init__(self, width: int, base: float = 10_000.0) -> None:
        super().__init__()
        rates = base ** (-torch.arange(0, width, 2, dtype=torch.float32) / width)
        self.register_buffer("rates", rates, persistent=False)

    rates: Tensor

    def angles(self, length: int, first: int = 0) -> tuple[Tensor, Tensor]:
        """Return cosine and sine, each (L, 1, D), of the places ``first`` to ``first + length - 1``."""
        places = torch.arange(first, first + length, device=self.rates.device, dtype=torch.float32)
        angle = (places[:, None] * self.rates).repeat(1, 2)
        sine = angle.sin()
        sine[:, : self.rates.shape[0]] *= -1  # the half that gets its partner subtracted
        return angle.cos()[:, None], sine[:, None]

    def forward(self, x_BLHD: Tensor, angles: tuple[Tensor, Tensor]) -> Tensor:
        """Return the values turned, shape and precision as they came."""
        cosine, sine = (one.to(x_BLHD.dtype) for one in angles)
        return x_BLHD * cosine + x_BLHD.roll(x_BLHD.shape[-1] // 2, -1) * sine
