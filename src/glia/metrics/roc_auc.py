"""The area under the ROC curve."""

from __future__ import annotations

import numpy as np

from glia.metrics._ranked import Ranked
from glia.metrics._safe import ratio

__all__ = ["RocAuc"]


class RocAuc(Ranked):
    """The chance that a positive row is scored above a negative one, ties counting one half.

    Source: J. A. Hanley and B. J. McNeil, The meaning and use of the area under a ROC curve, Radiology 143
    (1982).

    Example:
        >>> from glia.core.values import Answer
        >>> score = np.array([0.1, 0.4, 0.35, 0.8])
        >>> answer = Answer(probability=np.column_stack([1 - score, score]))
        >>> RocAuc().value(RocAuc().stats(answer, np.array([0, 0, 1, 1]))).tolist()
        [0.75]
    """

    def of(self, positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
        """Return the share of pairs in the right order."""
        total = negative.sum(0)
        below = total - np.cumsum(negative, 0) + 0.5 * negative
        return ratio((positive * below).sum(0), positive.sum(0) * total)
