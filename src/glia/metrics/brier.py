"""The Brier score."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked, ratio_of_last

__all__ = ["Brier"]


class Brier(Additive):
    """The mean squared gap between probabilities and what happened.

    Two classes: the gap of class 1, from 0 to 1. More classes: summed over the classes, from 0 to 2.
    Independent labels: the mean over labels. The same as scikit-learn's.

    Source: G. W. Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review
    78 (1950).

    Example:
        >>> answer = Answer(probability=np.array([[0.5, 0.5], [0.2, 0.8]]))
        >>> Brier().value(Brier().stats(answer, np.array([0, 1]))).round(3).tolist()
        [0.145]
    """

    higher = False
    needs = "probability"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return each row's squared gap, and 1 to count the row: (N, 2)."""
        p = asked(answer.probability, "probability").astype(np.float64)
        if truth.ndim == 2:
            gap = ((p - truth) ** 2).mean(1)
        elif p.shape[1] == 2:
            gap = (p[:, 1] - truth) ** 2
        else:
            right = p[np.arange(len(truth)), truth]
            gap = (p**2).sum(1) - 2.0 * right + 1.0
        return np.column_stack([gap, np.ones(len(truth))])

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the mean squared gap."""
        return ratio_of_last(sums)[:, 0]
