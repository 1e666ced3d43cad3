"""The median absolute error."""

from __future__ import annotations

from typing import Any

import numpy as np

from glia.core.parts import Metric
from glia.core.values import Answer
from glia.metrics._additive import asked

__all__ = ["MedianError"]


class MedianError(Metric):
    """The median absolute error, averaged over targets; half of the rows are predicted better than this.

    Example:
        >>> answer = Answer(point=np.array([[0.0], [0.0], [0.0]]))
        >>> MedianError().value(MedianError().stats(answer, np.array([[1.0], [2.0], [90.0]]))).tolist()
        [2.0]
    """

    higher = False
    needs = "point"

    def stats(self, answer: Answer, truth: np.ndarray, weight: np.ndarray | None = None) -> list[Any]:
        """Return, per target, the order of the rows, their errors and their weights in that order."""
        error_NT = np.abs(asked(answer.point, "point").astype(np.float64) - truth)
        weight = np.ones(len(truth)) if weight is None else np.asarray(weight, np.float64)
        orders = np.argsort(error_NT, axis=0, kind="stable").T
        return [(order, error[order], weight[order]) for order, error in zip(orders, error_NT.T)]

    def value(self, stats: list[Any], counts: np.ndarray | None = None) -> np.ndarray:
        """Return the metric of each resample."""
        counts_NR = np.ones((len(stats[0][0]), 1)) if counts is None else counts.T
        return np.mean([_median(error, counts_NR[order] * w[:, None]) for order, error, w in stats], axis=0)


def _median(error: np.ndarray, counts_NR: np.ndarray) -> np.ndarray:
    """Return the median of ascending errors that occur so often; of an even number, the mean of two."""
    reached = np.cumsum(counts_NR, 0)
    half = reached[-1] / 2.0
    lower = error[np.argmax(reached >= half, 0)]
    # argmax finds nothing beyond the half only when nothing was drawn at all.
    return (lower + error[np.argmax(reached > half, 0)]) / 2.0
