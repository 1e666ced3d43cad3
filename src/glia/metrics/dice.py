"""The Dice coefficient."""

from __future__ import annotations

import numpy as np

from glia.metrics._masks import MaskCounts
from glia.metrics._safe import mean_where, ratio

__all__ = ["Dice"]


class Dice(MaskCounts):
    """Twice the pixels of a class that are said and true, over the sum of those said and those true (Dice 1945).

    Two classes give the number of class 1, more give the mean over the classes that occur.

    Example:
        >>> from glia.core.values import Answer
        >>> answer = Answer(mask=np.array([[[1, 1, 0, 0]]]))
        >>> Dice().value(Dice().stats(answer, np.array([[[0, 1, 1, 0]]]))).tolist()
        [0.5]
    """

    def of_counts(self, right: np.ndarray, said: np.ndarray, true: np.ndarray) -> np.ndarray:
        """Return the mean over classes that are said or true somewhere; 1 where none is."""
        sizes = said + true
        return mean_where(ratio(2 * right, sizes), sizes > 0, otherwise=1.0)
