"""Metrics of a language model: how surprised it was, and how much text that is about."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked
from glia.metrics._safe import ratio

__all__ = ["Surprise"]


class Surprise(Additive):
    """A function of the mean surprise; truth is (N, 2): the codes each row asks for, and the characters they spell."""

    higher = False
    needs = "score"
    counted: ClassVar[int]
    """Which of the two is divided by."""

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return the surprise of each row in nats, and what it is about: (N, 2)."""
        return np.column_stack([asked(answer.score, "score"), truth[:, self.counted]]).astype(np.float64)

    def mean(self, sums: np.ndarray) -> np.ndarray:
        """Return nats per code or character."""
        return ratio(sums[:, 0], sums[:, 1], np.nan)
