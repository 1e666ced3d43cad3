"""Categories as numbers: one-hot, or a row of one table for all columns."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["UNKNOWN", "CategoryEmbedding", "OneHot", "embedding_width"]

UNKNOWN = "(unknown)"
"""The label of the code that category columns give to what training never showed."""


class OneHot(nn.Module):
    """One-hot codes of several columns side by side; the unknown is all zeros.

    A place of its own for the unknown would meet its untrained first weights on the day it is needed; zeros
    add nothing to a linear layer, so an unseen category says nothing.

    Args:
        classes: For each column, the labels of its codes.

    Example:
        >>> OneHot([("no", "yes"), ("(missing)", "(unknown)", "a")])(torch.tensor([[1, 2], [0, 1]]))
        tensor([[0., 1., 0., 1.],
                [1., 0., 0., 0.]])
    """

    offsets: Tensor
    places: Tensor
    like: Tensor

    def __init__(self, classes: Sequence[Sequence[str]]) -> None:
        super().__init__()
        self.widths = tuple(sum(label != UNKNOWN for label in labels) for labels in classes)
        self.width = sum(self.widths)
        known = torch.tensor([label != UNKNOWN for labels in classes for label in labels], dtype=torch.bool)
        # Codes of the unknown share one place beyond the end, which is cut off.
        places = torch.where(known, known.cumsum(0) - 1, self.width)
        self.register_buffer("offsets", _offsets([len(labels) for labels in classes]), persistent=False)
        self.register_buffer("places", places, persistent=False)
        # Follows the network to its device and precision, so that the codes come out there, too.
        self.register_buffer("like", torch.zeros(()), persistent=False)

    def forward(self, codes_BC: Tensor) -> Tensor:
        """Return (B, width) of (B, C) codes, float32 unless the network is of another precision."""
        places = self.places[codes_BC + self.offsets]
        zeros = self.like.new_zeros(codes_BC.shape[0], self.width + 1)
        return zeros.scatter(1, places, 1.0)[:, : self.width]


class CategoryEmbedding(nn.Module):
    """Learned vectors of the codes of several columns, in one table, so that one look-up serves all.

    Args:
        classes: For each column, the labels of its codes; the unknown starts as zeros, and says nothing.
        width: Length of a vector.
        std: Spread of the first values.

    Example:
        >>> CategoryEmbedding([("a", "b"), ("x", "y", "z")], 4)(torch.tensor([[1, 2]])).shape
        torch.Size([1, 2, 4])
    """

    offsets: Tensor

    def __init__(self, classes: Sequence[Sequence[str]], width: int, *, std: float = 1.0) -> None:
        super().__init__()
        known = torch.tensor([[float(label != UNKNOWN)] for labels in classes for label in labels])
        self.weight = nn.Parameter(torch.randn(len(known), width) * std * known)
        self.register_buffer("offsets", _offsets([len(labels) for labels in classes]), persistent=False)

    def forward(self, codes_BC: Tensor) -> Tensor:
        """Return (B, C, width) of (B, C) codes."""
        return nn.functional.embedding(codes_BC + self.offsets, self.weight)


def embedding_width(classes: Sequence[Sequence[str]], most: int = 64) -> int:
    """Return the length of vectors that suits the largest of some columns (fastai's rule: 1.6 n ** 0.56).

    Example:
        >>> embedding_width([range(10)]), embedding_width([range(100_000)])
        (6, 64)
    """
    return min(most, round(1.6 * max(map(len, classes), default=1) ** 0.56))


def _offsets(cardinalities: Sequence[int]) -> Tensor:
    """Return where each column's codes start when all are numbered through."""
    sizes = torch.tensor([0, *cardinalities], dtype=torch.int64)
    return sizes.cumsum(0)[:-1]
