"""Log loss."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked, ratio_of_last
from glia.metrics._safe import inside

__all__ = ["LogLoss"]


class LogLoss(Additive):
    """The mean of minus the natural logarithm of the probability given to what was true.

    Source: I. J. Good, Rational decisions, Journal of the Royal Statistical Society B 14 (1952).

    Example:
        >>> answer = Answer(probability=np.array([[0.5, 0.5], [0.25, 0.75]]))
        >>> LogLoss().value(LogLoss().stats(answer, np.array([0, 1]))).round(4).tolist()
        [0.4904]
    """

    higher = False
    needs = "probability"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return each row's loss, and 1 to count the row: (N, 2)."""
        p = inside(asked(answer.probability, "probability"))
        if truth.ndim == 2:
            loss = -np.log(np.where(truth > 0, p, 1.0 - p)).mean(1)
        else:
            loss = -np.log(p[np.arange(len(truth)), truth])
        return np.column_stack([loss, np.ones(len(truth))])

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the mean loss."""
        return ratio_of_last(sums)[:, 0]
