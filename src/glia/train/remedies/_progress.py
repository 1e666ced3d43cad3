"""Whether a score gets better."""

from __future__ import annotations

import math
from collections.abc import Mapping

from glia.core.parts import Remedy
from glia.core.values import Edit, Readings

__all__ = ["Patient"]


class Patient(Remedy):
    """Count the evaluations since the score was last better than ever; subclasses say when that is too many."""

    def __init__(self, patience: int, min_delta: float) -> None:
        self.patience = patience
        self.min_delta = min_delta
        self.best: float | None = None
        self.best_step = 0
        self.waited = 0

    def decide(self, readings: Readings, knobs: Mapping[str, float]) -> Edit | None:
        """Return an edit when the score has not improved for ``patience`` evaluations."""
        score = readings.score
        if score is None:
            return None
        # NaN is never an improvement, whatever it is compared with.
        if math.isfinite(score) and (self.best is None or score > self.best + self.min_delta):
            self.best, self.best_step, self.waited = score, readings.step, 0
            return None
        self.waited += 1
        return self.impatient(readings, knobs) if self.waited >= self.patience else None

    def impatient(self, readings: Readings, knobs: Mapping[str, float]) -> Edit | None:
        """Return what to do now that patience is at its end."""
        raise NotImplementedError
