"""The root mean squared error."""

from __future__ import annotations

import numpy as np

from glia.metrics._additive import PointErrors

__all__ = ["Rmse"]


class Rmse(PointErrors):
    """The root of the mean squared error, averaged over targets.

    Example:
        >>> from glia.core.values import Answer
        >>> answer = Answer(point=np.array([[3.0], [5.0]]))
        >>> Rmse().value(Rmse().stats(answer, np.array([[0.0], [1.0]]))).round(3).tolist()
        [3.536]
    """

    def errors(self, gap: np.ndarray) -> np.ndarray:
        """Return squared errors."""
        return gap**2

    def of_means(self, means: np.ndarray) -> np.ndarray:
        """Return the root of each target's mean squared error."""
        return np.sqrt(means)
