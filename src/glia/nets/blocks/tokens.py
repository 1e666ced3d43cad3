"""Codes of words, pieces or letters as vectors.

Legend: B = rows, L = places of the longest text, D = length of a vector.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.errors import UsageError
from glia.core.values import Spec

__all__ = ["PADDING", "UNKNOWN", "Tokens", "vocabulary"]

PADDING, UNKNOWN = 0, 1


def vocabulary(spec: Spec) -> int:
    """Return how many codes a token group knows, padding and unknown among them.

    Raises:
        UsageError: The group has no vocabulary.

    Example:
        >>> vocabulary(Spec(("time",), (None,), "int32", classes=(("(padding)", "(unknown)", "a"),)))
        3
    """
    if not spec.cardinalities:
        raise UsageError(
            "no_vocabulary",
            "the text has no vocabulary, so its words cannot become vectors",
            remedy="let the text column learn from training rows first",
        )
    return spec.cardinalities[0]


class Tokens(nn.Module):
    """A vector for every code; padding is zeros and stays so.

    The table is not named ``weight``: it holds vectors side by side and is no map between spaces, which matters to
    optimizers that treat maps by themselves.

    Args:
        spec: The token group.
        width: Length of a vector.
        std: Spread of the first vectors.
        forget: Share of the words that training shows as unknown (Iyyer et al. 2015), so that no word is leaned on.
        dropout: Share of the values dropped in training.

    Example:
        >>> tokens = Tokens(Spec(("time",), (None,), "int32", classes=(("(padding)", "(unknown)", "a"),)), 4)
        >>> tokens(torch.tensor([[2, 0]], dtype=torch.int32))[0, 1].tolist()
        [0.0, 0.0, 0.0, 0.0]
    """

    def __init__(self, spec: Spec, width: int, *, std: float = 1.0, forget: float = 0.0, dropout: float = 0.0) -> None:
        super().__init__()
        self.forget = forget
        self.dropout = nn.Dropout(dropout)
        self.table = nn.Parameter(torch.randn(vocabulary(spec), width) * std)
        with torch.no_grad():
            self.table[PADDING] = 0

    def forward(self, tokens_BL: Tensor) -> Tensor:
        """Return the vectors, (B, L, D)."""
        if self.training and self.forget:
            hidden = (torch.rand(tokens_BL.shape, device=tokens_BL.device) < self.forget) & (tokens_BL != PADDING)
            tokens_BL = tokens_BL.masked_fill(hidden, UNKNOWN)
        vectors: Tensor = self.dropout(F.embedding(tokens_BL, self.table, padding_idx=PADDING))
        return vectors
