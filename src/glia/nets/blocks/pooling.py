"""From places to one row of features, without looking at padding.

Legend: B = rows, L = places, D = features of a place.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

__all__ = ["Pool", "Pooling", "last_real"]

Pooling = Literal["last", "mean", "max", "attention"]


def last_real(x_BLD: Tensor, real_BL: Tensor | None) -> Tensor:
    """Return the features of each row's last real place, (B, D); the first place where none is real.

    Example:
        >>> x = torch.arange(3.0).view(1, 3, 1)
        >>> last_real(x, torch.tensor([[True, True, False]])).item()
        1.0
    """
    if real_BL is None:
        return x_BLD[:, -1]
    places = torch.arange(real_BL.shape[1], device=real_BL.device)
    last_B = torch.where(real_BL, places, 0).amax(1)
    return x_BLD.gather(1, last_B[:, None, None].expand(-1, 1, x_BLD.shape[2]))[:, 0]


class Pool(nn.Module):
    """One row of features from many places: the last, the mean, the greatest, or what a learned question attends to.

    A row without any real place gives zeros.

    Args:
        how: Which.
        width: Features of a place.

    Example:
        >>> x, real = torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]])
        >>> [Pool(how, 1)(x, real).item() for how in ("last", "mean", "max")]
        [3.0, 2.0, 3.0]
    """

    def __init__(self, how: Pooling, width: int) -> None:
        super().__init__()
        self.how = how
        self.question = nn.Linear(width, 1, bias=False) if how == "attention" else None

    def forward(self, x_BLD: Tensor, real_BL: Tensor | None = None) -> Tensor:
        """Return (B, D)."""
        if real_BL is None:
            real_BL = x_BLD.new_ones(x_BLD.shape[:2], dtype=torch.bool)
        any_B1 = real_BL.any(1, keepdim=True)
        if self.how == "last":
            pooled = last_real(x_BLD, real_BL)
        elif self.how == "max":
            pooled = x_BLD.masked_fill(~real_BL[:, :, None], -torch.inf).amax(1)
        else:
            pooled = (self.weights(x_BLD, real_BL)[:, :, None] * x_BLD).sum(1)
        return pooled.masked_fill(~any_B1, 0.0)

    def weights(self, x_BLD: Tensor, real_BL: Tensor) -> Tensor:
        """Return how much each place counts, (B, L); rows sum to 1, or to 0 where no place is real."""
        if self.question is None:
            weight = real_BL.to(x_BLD.dtype)
        else:
            score = self.question(x_BLD)[:, :, 0].masked_fill(~real_BL, -torch.inf)
            highest = score.amax(1, keepdim=True)
            weight = (score - highest.masked_fill(highest.isinf(), 0.0)).exp()
        return weight / weight.sum(1, keepdim=True).clamp_min(1e-12)
