"""Whether a score gets better."""

from __future__ import annotations

import math

from glia.core.parts import Remedy
from glia.core.values import Readings

__all__ = ["Patient"]


class Patient(Remedy):
    """Count the evaluations since the score was better than ever before.

    Args:
        patience: Evaluations without improvement that are waited for.
        min_delta: How much better a score must be to count as an improvement.
    """

    def __init__(self, patience: int, min_delta: float) -> None:
        self.patience = patience
        self.min_delta = min_delta
        self.best: float | None = None
        self.best_step = 0
        self.waited = 0

    def stalled(self, readings: Readings) -> bool:
        """Return whether the score has not improved for ``patience`` evaluations."""
        score = readings.score
        if score is None:
            return False
        # NaN is never an improvement, whatever it is compared with.
        if math.isfinite(score) and (self.best is None or score > self.best + self.min_delta):
            self.best, self.best_step, self.waited = score, readings.step, 0
        else:
            self.waited += 1
        return self.waited >= self.patience
