"""The F1 score."""

from __future__ import annotations

import numpy as np

from glia.metrics._additive import LabelCounts
from glia.metrics._safe import mean_where, ratio

__all__ = ["F1"]


class F1(LabelCounts):
    """The harmonic mean of precision and recall.

    Source: C. J. van Rijsbergen, Information Retrieval, 2nd edition (1979), chapter 7.

    Example:
        >>> from glia.core.values import Answer
        >>> answer = Answer(label=np.array([0, 1, 1, 1]))
        >>> F1().value(F1().stats(answer, np.array([0, 1, 0, 1]))).tolist()
        [0.8]
    """

    def of_counts(self, right: np.ndarray, said: np.ndarray, true: np.ndarray) -> np.ndarray:
        """Return the mean over the classes that occur in truth or prediction."""
        return mean_where(ratio(2.0 * right, said + true), said + true > 0)
