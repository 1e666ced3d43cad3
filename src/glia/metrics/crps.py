"""The continuous ranked probability score, by the weighted interval score."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import asked, steps_of
from glia.metrics._forecasts import WindowErrors

__all__ = ["Crps"]

_OUTSIDE = 0.1  # of the truth should be outside an interval; the level of intervals unless somebody changes it


class Crps(WindowErrors):
    """The weighted interval score of a point and its 90 % interval, in the units of the question.

    It approximates the continuous ranked probability score by what an answer holds, a middle and two ends, and becomes
    the mean absolute error where these are one. Narrow intervals are good, and every truth outside costs twenty times
    its distance, before halves are weighed. Source: J. Bracher et al., *Evaluating epidemic forecasts in an interval
    format*, PLOS Computational Biology 17 (2021), with one interval.

    Example:
        >>> ends = {"low": np.array([[0.0]]), "high": np.array([[4.0]])}
        >>> sure, answer = Answer(point=np.array([[2.0]])), Answer(point=np.array([[2.0]]), **ends)
        >>> Crps().value(Crps().stats(answer, np.array([[2.0]]))).round(3).tolist()
        [0.133]
    """

    needs = "low"

    def errors(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return scores of each number."""
        point, low, high = (
            asked(part, name).astype(np.float64)
            for part, name in ((answer.point, "point"), (answer.low, "low"), (answer.high, "high"))
        )
        truth = steps_of(truth, point)
        beyond = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
        interval = (high - low) + 2 / _OUTSIDE * beyond
        return np.asarray((0.5 * np.abs(point - truth) + _OUTSIDE / 2 * interval) / 1.5)
