"""Vectors of the last few codes together: what a language model of counts knows, looked up instead of computed.

Legend: B = rows, L = places, W = width of a place.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Grams", "gram_codes"]

_MIXER = 0x9E3779B1  # the golden ratio in 32 bits, a multiplier that spreads neighbors (Knuth, TAOCP 6.4)


def gram_codes(tokens_BL: Tensor, order: int, rows: int) -> Tensor:
    """Return where each run of ``order`` codes that ends at a place is found in a table, (B, L) int64.

    Before the first place stand paddings.

    Args:
        tokens_BL: The codes.
        order: Length of a run.
        rows: Rows of the table; runs share rows by chance (Weinberger et al. 2009).

    Example:
        >>> codes = gram_codes(torch.tensor([[5, 7, 5, 7]]), 2, 1000)
        >>> bool(codes[0, 1] == codes[0, 3]), bool(codes[0, 1] == codes[0, 2])
        (True, False)
    """
    codes = tokens_BL.long()
    mixed = codes
    for back in range(1, order):
        earlier = F.pad(codes, (back, 0))[:, : codes.shape[1]]
        mixed = ((mixed * _MIXER) ^ (mixed >> 15)) + earlier + 1
    mixed = mixed * _MIXER
    return ((mixed ^ (mixed >> 29)) & 0x7FFFFFFFFFFF) % rows


class Grams(nn.Module):
    """Vectors of runs of 2 to ``longest`` codes, side by side, then one linear map; the vectors begin as zeros.

    Args:
        longest: Length of the longest run.
        width: Width of a place.
        rows: Rows of each run length's table.
        each: Length of a run's vector.

    Example:
        >>> Grams(3, 4, rows=100, each=2)(torch.zeros(1, 5, dtype=torch.int32)).shape
        torch.Size([1, 5, 4])
    """

    def __init__(self, longest: int, width: int, *, rows: int, each: int) -> None:
        super().__init__()
        self.longest, self.rows = longest, rows
        self.tables = nn.Parameter(torch.zeros((longest - 1) * rows, each))
        self.mix = nn.Linear((longest - 1) * each, width, bias=False)

    def forward(self, tokens_BL: Tensor) -> Tensor:
        """Return what the runs that end at each place say, (B, L, W)."""
        orders = range(2, self.longest + 1)
        places = [gram_codes(tokens_BL, order, self.rows) + at * self.rows for at, order in enumerate(orders)]
        # One look-up for all: its gradient is a tensor as large as the tables.
        mixed: Tensor = self.mix(F.embedding(torch.stack(places, 2), self.tables).flatten(2))
        return mixed
