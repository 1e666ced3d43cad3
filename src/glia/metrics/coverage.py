"""The share of the truth inside prediction intervals."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked, ratio_of_last, steps_of

__all__ = ["Coverage"]


class Coverage(Additive):
    """The share of numbers inside their prediction intervals; it should be the level that was asked for, not 1.

    Example:
        >>> ends = {"low": np.array([[0.0], [0.0]]), "high": np.array([[2.0], [2.0]])}
        >>> Coverage().value(Coverage().stats(Answer(**ends), np.array([[1.0], [3.0]]))).tolist()
        [0.5]
    """

    needs = "low"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return the share of each row that is inside, and 1 to count the row: (N, 2)."""
        low, high = asked(answer.low, "low"), asked(answer.high, "high")
        truth = steps_of(np.asarray(truth), low)
        inside = ((low <= truth) & (truth <= high)).reshape(len(low), -1)
        return np.column_stack([inside.mean(1), np.ones(len(low))])

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return what is inside per row."""
        return ratio_of_last(sums)[:, 0]
