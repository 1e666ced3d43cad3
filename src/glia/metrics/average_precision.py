"""Average precision."""

from __future__ import annotations

import numpy as np

from glia.metrics._ranked import Ranked
from glia.metrics._safe import ratio

__all__ = ["AveragePrecision"]


class AveragePrecision(Ranked):
    """The mean precision at each positive found, from the best score down; the area under precision-recall.

    Source: M. Zhu, Recall, precision and average precision, University of Waterloo working paper 2004-09.

    Example:
        >>> from glia.core.values import Answer
        >>> score = np.array([0.1, 0.4, 0.35, 0.8])
        >>> answer = Answer(probability=np.column_stack([1 - score, score]))
        >>> metric = AveragePrecision()
        >>> metric.value(metric.stats(answer, np.array([0, 0, 1, 1]))).round(3).tolist()
        [0.833]
    """

    def of(self, positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
        """Return the precision at each group, weighted by the positives it adds."""
        found = np.cumsum(positive, 0)
        precision = ratio(found, found + np.cumsum(negative, 0))
        return ratio((positive * precision).sum(0), found[-1])
