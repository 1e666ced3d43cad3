"""From an error to whether a row is strange."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glia.core.parts import Readout
from glia.core.values import Answer
from glia.judge.readouts._codes import apart, cloud, crossed

__all__ = ["Anomaly"]

_ERRORS = 2
"""Errors that an objective gives before a code."""
_LEAST = 8
"""Normal rows below which nothing is said of their codes."""
_BODY = 0.9
"""Share of the calibration rows up to which strangeness is counted; beyond it, too few are left to count."""


class Anomaly(Readout):
    """How strange each row is, beside the normal calibration rows, and an alarm where few of them are stranger.

    The score is the error itself. Where an objective gives two errors and the code behind them, how far that code lies
    from those of the normal calibration rows is a third, and the score their mean, each in spreads from what is usual
    among these rows. The probability says which share of normal rows is less strange: counted among the
    calibration rows, and beyond nine tenths of them by an exponential tail (peaks over threshold; Pickands 1975), so
    that rows stranger than all of these can still be told apart. It is no chance of being anomalous, which nobody can
    know who has not seen anomalies. A normal row is flagged with a chance of ``1 - level``.

    Attributes:
        usual: Center and spread of each error, where there are several.
        codes: Where the codes of normal rows lie.
        errors: The errors of normal calibration rows at evenly spaced ranks.
        tail: Mean excess of their largest tenth over its beginning.
        level: The share of normal rows that raises no alarm.

    Example:
        >>> readout = Anomaly()
        >>> readout.learn(np.arange(100.0)[:, None], np.zeros(100), metric="roc_auc")
        >>> readout.answer(np.array([[50.0], [200.0]])).label.tolist()
        [0, 1]
    """

    def __init__(self) -> None:
        self.usual: list[list[float]] = []
        self.codes: list[list[float]] = []
        self.errors: list[float] = []
        self.tail = 0.0
        self.level = 0.9

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state` gave; older bundles know of one error only."""
        super().restore({"usual": [], "codes": [], **state})

    def learn(
        self, outputs: np.ndarray, truth: np.ndarray, *, metric: str, imbalanced: bool = False, level: float = 0.9
    ) -> None:
        """Learn what is usual from (N, 1) errors, or (N, 2 + Z) with a code; truth (N,), if any, is 1 for anomalies."""
        given, truth = np.asarray(outputs, np.float64), np.asarray(truth).reshape(-1)
        given = given[truth != 1] if len(truth) == len(given) else given
        self.usual, self.codes = [], []
        errors = given[:, :_ERRORS]
        if given.shape[1] > _ERRORS and len(given) >= _LEAST:
            self.codes = cloud(given[:, _ERRORS:])
            errors = np.column_stack([errors, crossed(given[:, _ERRORS:])])
        if errors.shape[1] > 1 and len(errors):
            self.usual = np.column_stack([errors.mean(0), np.maximum(errors.std(0), 1e-9)]).tolist()
        error = np.sort(self._one(errors))
        self.level = level
        self.errors, self.tail = [], 0.0
        if len(error):
            # A hundred and one quantiles of the body say all that a bundle needs.
            start = float(np.quantile(error, _BODY))
            self.errors = np.quantile(error, np.linspace(0, _BODY, 101)).tolist()
            above = error[error > start] - start
            self.tail = float(above.mean()) if len(above) else 0.0

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return score, share of normal rows that are less strange, and alarm, for what ``learn`` takes."""
        given = np.asarray(outputs, np.float64)
        errors = given[:, :_ERRORS]
        if self.codes:
            errors = np.column_stack([errors, apart(given[:, _ERRORS:], self.codes)])
        error = self._one(errors)
        if not self.errors:
            return Answer(score=error)
        share = _less_strange(error, np.asarray(self.errors), self.tail)
        return Answer(
            score=error,
            probability=np.column_stack([1 - share, share]),
            label=(share >= self.level).astype(np.int64),
        )

    def _one(self, errors: np.ndarray) -> np.ndarray:
        """Return one number a row, (N,)."""
        if errors.shape[1] == 1:
            return errors[:, 0]
        center, spread = np.array(self.usual or [[0.0, 1.0]] * errors.shape[1]).T
        return ((errors - center) / spread).mean(1)


def _less_strange(error: np.ndarray, body: np.ndarray, tail: float) -> np.ndarray:
    """Return the share of normal rows that are less strange, never level beyond the body."""
    inside = np.interp(error, body, np.linspace(0, _BODY, len(body)))
    far = np.maximum(error - body[-1], 0) / max(tail, 1e-12 + 1e-9 * abs(body[-1]))
    # An exponential tail reaches 1 within rounding soon; a heavier one from far out keeps the order.
    beyond = 1 - (1 - _BODY) * np.where(far < 20, np.exp(-far), np.exp(-20) * 20 / np.maximum(far, 20))
    return np.where(error > body[-1], beyond, inside)
