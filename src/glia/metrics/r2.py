"""The coefficient of determination."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked
from glia.metrics._safe import ratio

__all__ = ["R2"]


class R2(Additive):
    """The share of the variance that is explained, averaged over targets; 0 for always saying the mean.

    Example:
        >>> answer = Answer(point=np.array([[1.0], [2.0], [4.0]]))
        >>> R2().value(R2().stats(answer, np.array([[1.0], [2.0], [3.0]]))).tolist()
        [0.5]
    """

    needs = "point"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return squared errors, truths and squared truths per target, and 1 to count rows: (N, 3T + 1)."""
        truth = truth.astype(np.float64)
        squared = (asked(answer.point, "point") - truth) ** 2
        # Without the shift, the spread of large numbers would be the difference of two huge sums.
        centered = truth - truth.mean(0)
        return np.column_stack([squared, centered, centered**2, np.ones(len(truth))])

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return 1 minus squared errors over squared deviations; 0 (1 if exact) where truth is constant."""
        left, total, squares = np.split(sums[:, :-1], 3, axis=1)
        spread = np.maximum(squares - ratio(total**2, sums[:, -1:]), 0.0)
        varies = spread > 1e-15 * squares
        return np.where(varies, 1.0 - ratio(left, np.where(varies, spread, 0.0)), left == 0).mean(1)
