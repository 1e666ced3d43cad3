"""The calibration error."""

from __future__ import annotations

import numpy as np

from glia.core.parts import Metric
from glia.core.values import Answer
from glia.metrics._additive import asked
from glia.metrics._safe import ratio

__all__ = ["CalibrationError"]

BINS = 15


class CalibrationError(Metric):
    """How far stated confidence is from the share that is right: debiased, top-label, root mean square.

    Rows are put in up to 15 bins of equally many by the probability of their most probable class (of
    independent labels: by the probability of the label, and the mean over labels is taken). The usual plug-in
    estimate is large on small samples even for perfect probabilities; here the noise expected in each bin is
    subtracted, so that the squared error is unbiased. It is 0 where less than the expected noise is seen.

    Source: A. Kumar, P. Liang and T. Ma, Verified uncertainty calibration, NeurIPS 2019, section 4 (arXiv
    1909.10155).

    Example:
        >>> sure = np.tile([0.1, 0.9], (1000, 1))
        >>> truth = np.repeat([0, 1], [300, 700])  # right 70 % of the time, and 90 % sure
        >>> metric = CalibrationError()
        >>> metric.value(metric.stats(Answer(probability=sure), truth)).round(2).tolist()
        [0.2]
    """

    higher = False
    needs = "probability"

    def stats(self, answer: Answer, truth: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
        """Return, per label and bin, presence, probability, outcome and squared weight: (N, T, 4, BINS)."""
        p = asked(answer.probability, "probability").astype(np.float64)
        weight = np.ones(len(p)) if weight is None else np.asarray(weight, np.float64)
        if truth.ndim == 1:
            return _binned(p.max(1), p.argmax(1) == truth, weight)[:, None]
        return np.stack([_binned(p[:, t], truth[:, t] > 0, weight) for t in range(truth.shape[1])], 1)

    def value(self, stats: np.ndarray, counts: np.ndarray | None = None) -> np.ndarray:
        """Return the metric of each resample: the root of the debiased mean squared gap over bins."""
        rows, shape = stats.reshape(len(stats), -1), (-1, *stats.shape[1:])
        counts = np.ones((1, len(rows))) if counts is None else counts
        n, stated, right, _ = np.moveaxis((counts @ rows).reshape(shape), 2, 0)
        squares = (counts**2 @ rows).reshape(shape)[:, :, 3]
        share = ratio(right, n)
        # Rows that count twice bring no second look: (sum of w)^2 / (sum of w^2) is how many there were.
        looks = ratio(n**2, squares)
        noise = ratio(share * (1.0 - share), np.maximum(looks - 1.0, 0.0))
        squared = ratio((n * ((ratio(stated, n) - share) ** 2 - noise)).sum(-1), n.sum(-1))
        return np.sqrt(np.maximum(squared, 0.0)).mean(1)


def _binned(stated: np.ndarray, right: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return weight, weighted probability and outcome, and squared weight per bin of equally many rows."""
    cuts = np.unique(np.quantile(stated, np.linspace(0, 1, BINS + 1)[1:-1]))
    here = np.eye(BINS)[np.searchsorted(cuts, stated, side="left")]
    parts = np.column_stack([weight, weight * stated, weight * right, weight**2])
    return parts[:, :, None] * here[:, None, :]
