"""Precision."""

from __future__ import annotations

import numpy as np

from glia.metrics._additive import LabelCounts
from glia.metrics._safe import mean_where, ratio

__all__ = ["Precision"]


class Precision(LabelCounts):
    """The share of predictions of a class that are right; 0 for a class that occurs and is never predicted.

    Example:
        >>> from glia.core.values import Answer
        >>> answer = Answer(label=np.array([0, 1, 1, 1]))
        >>> Precision().value(Precision().stats(answer, np.array([0, 1, 0, 1]))).round(3).tolist()
        [0.667]
    """

    def of_counts(self, right: np.ndarray, said: np.ndarray, true: np.ndarray) -> np.ndarray:
        """Return the mean over the classes that occur in truth or prediction."""
        return mean_where(ratio(right, said), said + true > 0)
