"""Metrics of steps ahead, in units that let variables and series be compared.

The truth of a forecast is (N, H + 2, V): the H steps, then two scales of each window, the standard deviation of the
training steps and the error of the seasonal naive forecast in the training steps of the window's series. Legend of
shapes: N = windows, H = steps ahead, V = variables, R = resamples.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked, ratio_of_last, steps_of

__all__ = ["NAIVE", "SPREAD", "WindowErrors", "scale_of"]

SPREAD, NAIVE = -2, -1


class WindowErrors(Additive):
    """The mean over windows of one error each."""

    higher = False
    needs: ClassVar[Literal["point", "low"]] = "point"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return the error of each window, and 1 to count it: (N, 2)."""
        errors = self.errors(answer, np.asarray(truth, np.float64))
        return np.column_stack([errors.reshape(len(errors), -1).mean(1), np.ones(len(errors))])

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the mean error."""
        return ratio_of_last(sums)[:, 0]

    @abstractmethod
    def errors(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return the error of each step and variable, (N, H, V)."""

    @staticmethod
    def gaps(answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return answer minus truth, (N, H, V)."""
        point = asked(answer.point, "point").astype(np.float64)
        return point - steps_of(truth, point)


def scale_of(answer: Answer, truth: np.ndarray, which: int) -> np.ndarray:
    """Return a scale of each window, (N, 1, V).

    Raises:
        ValueError: The truth carries no scales.
    """
    point = asked(answer.point, "point")
    if truth.ndim != 3 or truth.shape[1] != point.shape[1] + 2:
        raise ValueError("the truth of a forecast must carry its scales in two more steps")
    return np.maximum(truth[:, which][:, None], np.finfo(np.float32).tiny)
