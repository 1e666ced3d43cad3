"""Accuracy."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked, ratio_of_last

__all__ = ["Accuracy"]


class Accuracy(Additive):
    """The share of rows whose class is right; of independent labels, the share of labels that are right.

    Example:
        >>> answer = Answer(label=np.array([0, 1, 1, 1]))
        >>> Accuracy().value(Accuracy().stats(answer, np.array([0, 1, 1, 0]))).tolist()
        [0.75]
    """

    needs = "label"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return the share that is right, and 1 to count the row: (N, 2)."""
        right = asked(answer.label, "label") == truth
        right = right.mean(1) if right.ndim == 2 else right
        return np.column_stack([right, np.ones(len(truth))]).astype(np.float64)

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return what is right per row."""
        return ratio_of_last(sums)[:, 0]
