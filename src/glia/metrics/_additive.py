"""Metrics that are a function of sums over rows, so that a thousand resamples are one matrix product.

Legend of shapes: N = rows, S = summed statistics, R = resamples, K = classes, T = targets or labels.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from glia.core.parts import Metric
from glia.core.values import Answer

__all__ = ["Additive", "LabelCounts", "PointErrors", "asked", "one_hot", "ratio_of_last", "steps_of"]


class Additive(Metric):
    """A metric that is a function of what its rows add up to."""

    @abstractmethod
    def rows(self, answer: Answer, truth: np.ndarray) -> Any:
        """Return what each row contributes, (N, S), as an array or a SciPy sparse array."""

    @abstractmethod
    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the metric, (R,), of what the rows add up to, (R, S)."""

    def stats(self, answer: Answer, truth: np.ndarray, weight: np.ndarray | None = None) -> Any:
        """Return each row's contribution, times its weight."""
        rows = self.rows(answer, truth)
        return rows if weight is None else rows * np.asarray(weight, np.float64)[:, None]

    def value(self, stats: Any, counts: np.ndarray | None = None) -> np.ndarray:
        """Return the metric of each resample."""
        if counts is None:
            return self.of(np.asarray(stats.sum(0), np.float64).reshape(1, -1))
        # The transposed product runs along memory when counts are stored row by row of the table.
        return self.of(np.asarray(stats.T @ counts.T, np.float64).T)


class LabelCounts(Additive):
    """A metric of predicted labels, from how often each class is right, predicted and true.

    Two classes give the numbers of class 1, more give the mean over the classes that occur, independent
    labels the mean over the labels that occur.
    """

    needs = "label"
    symmetric = False
    """Whether two classes are treated alike instead of calling code 1 the positive one."""

    def rows(self, answer: Answer, truth: np.ndarray) -> Any:
        """Return right, predicted and true per class, side by side: (N, 3K)."""
        from scipy import sparse

        said = asked(answer.label, "label")
        if said.ndim == 2:
            return np.hstack([said * truth, said, truth]).astype(np.float64)
        width = max(_width(answer), int(max(said.max(initial=0), truth.max(initial=0))) + 1)
        kept = np.array([1]) if width == 2 and not self.symmetric else np.arange(width)
        said_NK, true_NK = one_hot(said, width)[:, kept], one_hot(truth, width)[:, kept]
        return sparse.csr_array(sparse.hstack([said_NK * true_NK, said_NK, true_NK]))

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the metric from counts per class."""
        return self.of_counts(*np.split(sums, 3, axis=1))

    @abstractmethod
    def of_counts(self, right: np.ndarray, said: np.ndarray, true: np.ndarray) -> np.ndarray:
        """Return the metric, (R,), of how often each class was right, predicted and true, (R, K) each."""


class PointErrors(Additive):
    """A metric of predicted numbers: the mean over targets of a function of one sum of errors each."""

    higher = False
    needs = "point"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return the error of each target, and 1 to count the row: (N, T + 1)."""
        point = asked(answer.point, "point").astype(np.float64)
        errors = self.errors(point - steps_of(truth, point))
        if errors.ndim == 3:  # steps ahead of several variables
            errors = errors.mean(1)
        return np.column_stack([errors, np.ones(len(errors))])

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the metric from summed errors."""
        return self.of_means(ratio_of_last(sums)).mean(1)

    @abstractmethod
    def errors(self, gap: np.ndarray) -> np.ndarray:
        """Return the error of each prediction, given prediction minus truth."""

    def of_means(self, means: np.ndarray) -> np.ndarray:
        """Return the metric of each target, (R, T), given its mean error."""
        return means


def steps_of(truth: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Return what was right, without the scales that the truth of a forecast carries behind its steps."""
    return truth[:, : point.shape[1]] if point.ndim == 3 and truth.shape[1] == point.shape[1] + 2 else truth


def ratio_of_last(sums: np.ndarray) -> np.ndarray:
    """Return all sums but the last, divided by the last."""
    return sums[:, :-1] / np.maximum(sums[:, -1:], np.finfo(np.float64).tiny)


def asked(part: np.ndarray | None, name: str) -> np.ndarray:
    """Return a part of an answer that a metric cannot do without."""
    if part is None:
        raise ValueError(f"the answer holds no {name}")
    return part


def one_hot(codes: np.ndarray, width: int) -> Any:
    """Return codes (N,) as a sparse one-hot array (N, width), small however many classes there are."""
    from scipy import sparse

    rows = np.arange(len(codes))
    return sparse.csr_array((np.ones(len(codes)), (rows, codes)), shape=(len(codes), width))


def _width(answer: Answer) -> int:
    return 2 if answer.probability is None else answer.probability.shape[1]
