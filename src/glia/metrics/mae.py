"""The mean absolute error."""

from __future__ import annotations

import numpy as np

from glia.metrics._additive import PointErrors

__all__ = ["Mae"]


class Mae(PointErrors):
    """The mean absolute error, averaged over targets.

    Example:
        >>> from glia.core.values import Answer
        >>> answer = Answer(point=np.array([[1.0], [4.0]]))
        >>> Mae().value(Mae().stats(answer, np.array([[0.0], [1.0]]))).tolist()
        [2.0]
    """

    def errors(self, gap: np.ndarray) -> np.ndarray:
        """Return absolute errors."""
        return np.abs(gap)
