"""The share of words whose tag is right."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked
from glia.metrics._safe import ratio

__all__ = ["TokenAccuracy"]


class TokenAccuracy(Additive):
    """The share of words whose tag is right, over all words of all rows; code 0 is no word.

    Example:
        >>> answer = Answer(label=np.array([[1, 2, 1], [3, 3, 3]]))
        >>> TokenAccuracy().value(TokenAccuracy().stats(answer, np.array([[1, 2, 2], [3, 0, 0]]))).tolist()
        [0.75]
    """

    needs = "label"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return how many words of each row are right, and how many there are: (N, 2)."""
        label = asked(answer.label, "label")
        width = min(label.shape[1], truth.shape[1])
        right = (label[:, :width] == truth[:, :width]) & (truth[:, :width] > 0)
        return np.column_stack([right.sum(1), (truth > 0).sum(1)]).astype(np.float64)

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return what is right per word."""
        return ratio(sums[:, 0], sums[:, 1], np.nan)
