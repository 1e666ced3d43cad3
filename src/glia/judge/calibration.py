"""Calibration: the arithmetic behind probabilities that mean what they say and intervals that hold.

Legend of shapes: N = rows, K = classes, T = targets or labels.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, inf

import numpy as np

from glia.metrics import metrics

__all__ = ["log_softmax", "radius", "sigmoid", "temperature", "threshold"]

# Two units of log-likelihood are what the likelihood-ratio test asks of one parameter at 95 %.
_WORTH = 1.92
_HOTTEST, _COLDEST = 20.0, 0.05


def radius(residuals: np.ndarray, level: float) -> float:
    """Return half the length of a split-conformal prediction interval, exact for every number of rows.

    The next residual is as likely to fall into any of the n + 1 gaps between n exchangeable ones, so the
    ceil((n + 1) * level)-th smallest holds it with a probability from ``level`` to ``level + 1 / (n + 1)``.
    Where that rank exceeds n, only the infinite interval keeps the promise.

    Source: V. Vovk, A. Gammerman and G. Shafer, Algorithmic Learning in a Random World (2005); J. Lei et al.,
    Distribution-free predictive inference for regression, JASA 113 (2018), theorem 2.2.

    Args:
        residuals: (N,) absolute errors on rows that training never saw.
        level: How often the interval must hold the truth.

    Example:
        >>> radius(np.arange(1.0, 10.0), 0.9), radius(np.arange(1.0, 9.0), 0.9)
        (9.0, inf)
    """
    # In binary fractions 10 * 0.9 may come out above 9, and one rank too many breaks the upper bound.
    rank = ceil((len(residuals) + 1) * Fraction(str(level)))
    return float(np.partition(residuals, rank - 1)[rank - 1]) if rank <= len(residuals) else inf


def temperature(outputs: np.ndarray, truth: np.ndarray, independent: bool = False) -> float:
    """Return the temperature of least log loss, and 1 unless the gain is more than chance would give.

    Args:
        outputs: (N, K) log-probabilities, or (N, T) logits of independent labels.
        truth: (N,) codes, or (N, T) bool.
        independent: Whether the labels are independent.

    Source: C. Guo, G. Pleiss, Y. Sun and K. Weinberger, On calibration of modern neural networks, ICML 2017.
    """
    from scipy.optimize import minimize_scalar

    def loss(log_coldness: float) -> float:
        scaled = outputs * np.exp(log_coldness)
        if independent:
            return float(np.logaddexp(0.0, np.where(truth, -scaled, scaled)).sum())
        return float(-log_softmax(scaled)[np.arange(len(truth)), truth].sum())

    if not len(outputs):
        return 1.0
    bounds = (-float(np.log(_HOTTEST)), -float(np.log(_COLDEST)))
    best = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    gain = (loss(0.0) - best.fun) / (truth.shape[1] if independent else 1)
    return float(np.exp(-best.x)) if gain > _WORTH else 1.0


def threshold(score: np.ndarray, truth: np.ndarray, metric: str) -> float | None:
    """Return the cut between two scores that is best for a metric; ``None`` where a class is absent.

    Args:
        score: (N,) probability of class 1.
        truth: (N,) codes 0 and 1.
        metric: ``"f1"``, ``"balanced_accuracy"``, or ``"f1_of_both"`` for the F1 of both classes alike.
    """
    if len(np.unique(truth)) < 2:
        return None
    levels = np.unique(score)
    cuts = np.concatenate([levels[:1], (levels[1:] + levels[:-1]) / 2])
    order = np.argsort(score)
    below = np.searchsorted(score[order], cuts, side="left")
    missed = np.concatenate([[0], np.cumsum(truth[order])])[below]
    found, true = truth.sum() - missed, np.full(len(cuts), truth.sum())
    # Right, predicted and true of class 1, then of class 0: what the metric itself sums rows to.
    one, zero = (found, len(score) - below, true), (below - missed, below, len(score) - true)
    if metric == "f1":
        counts = [np.column_stack([a]) for a in one]
    else:
        counts = [np.column_stack([a, b]) for a, b in zip(zero, one)]
    part = metrics.get("balanced_accuracy" if metric == "balanced_accuracy" else "f1")()
    value = part.of_counts(*(count.astype(np.float64) for count in counts))
    best = np.flatnonzero(value >= value.max() - 1e-12)
    # Of equally good cuts the middle one is the least tied to this sample.
    return float(cuts[best[len(best) // 2]])


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return (N, K) logits as log-probabilities."""
    shifted = logits - logits.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return logits as probabilities, without overflow."""
    return np.exp(-np.logaddexp(0.0, -logits))
