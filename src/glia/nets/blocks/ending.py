"""The last part of networks for sequences: an answer a row, an answer a place, or steps ahead.

Legend: B = rows, L = places, D = features of a place, K = values of an answer.
"""

from __future__ import annotations

from torch import Tensor, nn

from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.beside import Beside
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.horizon import Horizon, forecasts
from glia.nets.blocks.places import Seen, dense
from glia.nets.blocks.pooling import Pool, Pooling

__all__ = ["Ending"]


class Ending(nn.Module):
    """Features and answers from places, as the output asks.

    Where one answer a row is asked for, places are pooled and the table's other columns are put beside them.

    Args:
        width: Features of a place.
        inputs: The groups.
        output: The answer's spec.
        pool: How places become one row of features.
        dropout: Share of the features dropped in training.

    Attributes:
        width: How many features there are.

    Example:
        >>> import torch
        >>> ending = Ending(8, {}, Spec(("time", "class"), (None, 5)), "mean")
        >>> batch = Batch({}, torch.ones(2), torch.arange(2))
        >>> ending(ending.features(Seen(torch.zeros(2, 3, 8)), batch)).shape
        torch.Size([2, 3, 5])
    """

    def __init__(self, width: int, inputs: Specs, output: Spec, pool: Pooling, dropout: float = 0.0) -> None:
        super().__init__()
        self.dense, ahead = dense(output), forecasts(output)
        self.dropout = Dropout(dropout)
        self.pool = None if self.dense else Pool(pool, width)
        self.beside = None if self.dense else Beside(inputs)
        self.width = width + (self.beside.width if self.beside is not None else 0)
        self.line = None if ahead else nn.Linear(self.width, output.width)
        self.horizon = Horizon(self.width, inputs, output) if ahead else None

    def features(self, seen: Seen, batch: Batch) -> Tensor:
        """Return (B, D), or (B, L, D) where every place is asked."""
        if self.pool is None or self.beside is None:
            return self.dropout(seen.x)
        features = self.beside(self.dropout(self.pool(seen.x, seen.real)), batch)
        if self.horizon is None or seen.frame is None:
            return features
        return self.horizon.packed(features, seen.frame, batch)

    def forward(self, features: Tensor) -> Tensor:
        """Return the answer: (B, K), (B, L, K), (B, H, V) or (B, H, V, Q)."""
        if self.horizon is not None:
            return self.horizon(features)
        assert self.line is not None
        return self.line(features)
