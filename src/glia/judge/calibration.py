"""Calibration: probabilities that mean what they say, a fitting threshold, and intervals that hold.

Everything here is learned on the calibration slice, which neither training nor the choice of a network has
seen.

Legend of shapes: N = rows, K = classes, T = targets or labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf, isinf
from typing import Any

import numpy as np

from glia.core.values import Answer
from glia.metrics import metrics

__all__ = ["Calibration", "calibrate", "radius"]

# Two units of log-likelihood are what the likelihood-ratio test asks of one parameter at 95 %.
_WORTH = 1.92
_HOTTEST, _COLDEST = 20.0, 0.05


@dataclass(frozen=True)
class Calibration:
    """What turns the outputs of a network into an answer.

    Args:
        objective: ``"classify"``, ``"multilabel"`` or ``"regress"``.
        temperature: Logits are divided by it; above 1 the network was too sure of itself.
        threshold: For two classes, the probability of class 1 from which class 1 is answered; ``None`` = the
            more probable class.
        radius: For each target, half the length of the prediction interval; infinite (``None`` in JSON) where
            the calibration rows are too few to promise anything.
        level: How often the prediction interval holds the truth.

    Example:
        >>> calibration = Calibration("regress", radius=(2.0,))
        >>> calibration.answer(np.array([[10.0]])).high.tolist()
        [[12.0]]
    """

    objective: str
    temperature: float = 1.0
    threshold: float | None = None
    radius: tuple[float, ...] = ()
    level: float = 0.9

    def __post_init__(self) -> None:
        # JSON knows no infinity and no tuple.
        object.__setattr__(self, "radius", tuple(inf if r is None else float(r) for r in self.radius))

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return the answer behind outputs.

        Args:
            outputs: (N, K) log-probabilities, (N, T) logits of independent labels, or (N, T) numbers in the
                units of the question.
        """
        if self.objective == "regress":
            if not self.radius:
                return Answer(point=outputs)
            reach = np.asarray(self.radius)
            return Answer(point=outputs, low=outputs - reach, high=outputs + reach)
        if self.objective == "multilabel":
            return Answer(probability=_sigmoid(outputs / self.temperature), label=(outputs >= 0).astype(np.int64))
        probability = np.exp(_log_softmax(outputs / self.temperature))
        # The label is read from the outputs, so that rounding in the division can never change it.
        label = outputs.argmax(1) if self.threshold is None else probability[:, 1] >= self.threshold
        return Answer(probability=probability, label=label.astype(np.int64))

    def state(self) -> dict[str, Any]:
        """Return everything as JSON values; ``Calibration(**state)`` brings it back."""
        return {**vars(self), "radius": [None if isinf(r) else r for r in self.radius]}


def calibrate(
    objective: str,
    outputs: np.ndarray,
    truth: np.ndarray,
    *,
    metric: str = "accuracy",
    imbalanced: bool = False,
    level: float = 0.9,
) -> Calibration:
    """Return the calibration learned from the calibration slice.

    Args:
        objective: ``"classify"``, ``"multilabel"`` or ``"regress"``.
        outputs: What the network gives for the slice, see :meth:`Calibration.answer`.
        truth: (N,) or (N, 1) codes, (N, T) 0/1, or (N, T) numbers in the units of the outputs.
        metric: The metric people care about; ``f1`` and ``balanced_accuracy`` ask for a threshold of their
            own.
        imbalanced: Whether a class is rare; then the threshold serves the F1 of both classes alike.
        level: How often the prediction interval should hold the truth.

    Example:
        >>> calibrate("regress", np.zeros((9, 1)), np.arange(9.0)[:, None], metric="rmse").radius
        (8.0,)
    """
    outputs, truth = np.asarray(outputs, np.float64), np.asarray(truth)
    if objective == "regress":
        gaps = np.abs(outputs - truth.reshape(outputs.shape))
        return Calibration(objective, radius=tuple(radius(gap, level) for gap in gaps.T), level=level)
    if objective == "multilabel":
        return Calibration(objective, _temperature(outputs, truth.reshape(outputs.shape) > 0, True), level=level)
    truth = truth.reshape(-1).astype(np.int64)
    temperature = _temperature(outputs, truth, False)
    threshold = None
    if outputs.shape[1] == 2 and (imbalanced or metric in ("f1", "balanced_accuracy")):
        score = np.exp(_log_softmax(outputs / temperature))[:, 1]
        threshold = _threshold(score, truth, metric if metric in ("f1", "balanced_accuracy") else "f1_of_both")
    return Calibration(objective, temperature, threshold, level=level)


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


def _temperature(outputs: np.ndarray, truth: np.ndarray, independent: bool) -> float:
    """Return the temperature of least log loss, and 1 unless the gain is more than chance would give.

    Source: C. Guo, G. Pleiss, Y. Sun and K. Weinberger, On calibration of modern neural networks, ICML 2017.
    """
    from scipy.optimize import minimize_scalar

    def loss(log_coldness: float) -> float:
        scaled = outputs * np.exp(log_coldness)
        if independent:
            return float(np.logaddexp(0.0, np.where(truth, -scaled, scaled)).sum())
        return float(-_log_softmax(scaled)[np.arange(len(truth)), truth].sum())

    if not len(outputs):
        return 1.0
    bounds = (-float(np.log(_HOTTEST)), -float(np.log(_COLDEST)))
    best = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    gain = (loss(0.0) - best.fun) / (truth.shape[1] if independent else 1)
    return float(np.exp(-best.x)) if gain > _WORTH else 1.0


def _threshold(score: np.ndarray, truth: np.ndarray, metric: str) -> float | None:
    """Return the cut between two scores that is best for a metric; ``None`` where a class is absent."""
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


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0.0, -logits))
