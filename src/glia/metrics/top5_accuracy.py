"""Top-5 accuracy."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked, ratio_of_last

__all__ = ["Top5Accuracy"]

_TOP = 5


class Top5Accuracy(Additive):
    """The share of rows whose class is among the five most probable ones; ties are broken against the row.

    Example:
        >>> answer = Answer(probability=np.array([[0.3, 0.2, 0.2, 0.15, 0.1, 0.05]] * 2))
        >>> Top5Accuracy().value(Top5Accuracy().stats(answer, np.array([4, 5]))).tolist()
        [0.5]
    """

    needs = "probability"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return whether the class is among the five, and 1 to count the row: (N, 2)."""
        probability = asked(answer.probability, "probability")
        own = np.take_along_axis(probability, truth.reshape(-1, 1), 1)
        # The class itself is one of those at least as probable.
        rank = (probability >= own).sum(1)
        return np.column_stack([rank <= _TOP, np.ones(len(truth))]).astype(np.float64)

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return what is found per row."""
        return ratio_of_last(sums)[:, 0]
