"""Intersection over union."""

from __future__ import annotations

import numpy as np

from glia.metrics._masks import MaskCounts
from glia.metrics._safe import mean_where, ratio

__all__ = ["Iou"]


class Iou(MaskCounts):
    """Pixels of a class that are said and true, over those that are said or true (Jaccard 1912).

    Two classes give the number of class 1, more give the mean over the classes that occur.

    Example:
        >>> from glia.core.values import Answer
        >>> answer = Answer(mask=np.array([[[1, 1, 0, 0]]]))
        >>> Iou().value(Iou().stats(answer, np.array([[[0, 1, 1, 0]]]))).round(3).tolist()
        [0.333]
    """

    def of_counts(self, right: np.ndarray, said: np.ndarray, true: np.ndarray) -> np.ndarray:
        """Return the mean over classes that are said or true somewhere; 1 where none is."""
        union = said + true - right
        return mean_where(ratio(right, union), union > 0, otherwise=1.0)
