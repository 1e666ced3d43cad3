"""Metrics of ranking: rows are sorted once, and resamples only change how often each row counts.

Legend of shapes: N = rows, R = resamples, K = classes, G = groups of rows that share a score.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from glia.core.parts import Metric
from glia.core.values import Answer
from glia.metrics._additive import asked
from glia.metrics._safe import mean_where

__all__ = ["Ranked"]


class Ranked(Metric):
    """A metric of how well scores put positives before negatives.

    Two classes rank by the probability of class 1; more are taken one against the rest, independent labels
    one by one, and the mean is taken over those that have both positives and negatives.
    """

    needs = "probability"

    def stats(self, answer: Answer, truth: np.ndarray, weight: np.ndarray | None = None) -> list[tuple[Any, Any]]:
        """Return, per class, two sparse (G, N) sums of positives and negatives, best score first."""
        probability = asked(answer.probability, "probability")
        weight = np.ones(len(truth)) if weight is None else np.asarray(weight, np.float64)
        if truth.ndim == 2:
            return [_ladder(probability[:, t], truth[:, t] > 0, weight) for t in range(truth.shape[1])]
        width = probability.shape[1]
        classes = [1] if width == 2 else range(width)
        return [_ladder(probability[:, k], truth == k, weight) for k in classes]

    def value(self, stats: list[tuple[Any, Any]], counts: np.ndarray | None = None) -> np.ndarray:
        """Return the metric of each resample; NaN where no class has both positives and negatives."""
        counts_NR = np.ones((stats[0][0].shape[1], 1)) if counts is None else counts.T
        values, counted = [], []
        for positives, negatives in stats:
            positive_GR, negative_GR = positives @ counts_NR, negatives @ counts_NR
            counted.append((positive_GR.sum(0) > 0) & (negative_GR.sum(0) > 0))
            values.append(self.of(positive_GR, negative_GR))
        return mean_where(np.stack(values, -1), np.stack(counted, -1), otherwise=np.nan)

    @abstractmethod
    def of(self, positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
        """Return the metric, (R,), of the positives and negatives of each group, (G, R), best score first."""


def _ladder(score: np.ndarray, positive: np.ndarray, weight: np.ndarray) -> tuple[Any, Any]:
    """Return the sums that turn counts of rows into positives and negatives per group of equal scores.

    Neighboring groups without a positive become one: they only ever count together, and a rare class costs
    little.
    """
    from scipy import sparse

    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=np.nan) != 0)
    some = np.add.reduceat(positive[order].astype(np.int64), starts) > 0
    fresh = some | np.concatenate([[True], some[:-1]])
    rung = np.empty(len(score), np.int64)
    rung[order] = np.repeat(np.cumsum(fresh) - 1, np.diff(starts, append=len(score)))
    shape = (int(fresh.sum()), len(score))
    sides = [np.flatnonzero(positive), np.flatnonzero(~positive)]
    above, below = (sparse.csr_array((weight[rows], (rung[rows], rows)), shape=shape) for rows in sides)
    return above, below
