"""The mean squared error in standard deviations."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._forecasts import SPREAD, WindowErrors, scale_of

__all__ = ["MseScaled"]


class MseScaled(WindowErrors):
    """The mean squared error of steps ahead, each variable in standard deviations of its training steps.

    This is what tables of long-horizon forecasting publish for ETT and its like.

    Example:
        >>> truth = np.array([[[4.0], [8.0], [2.0], [1.0]]])  # two steps, the spread 2, the naive error 1
        >>> answer = Answer(point=np.array([[[4.0], [4.0]]]))
        >>> MseScaled().value(MseScaled().stats(answer, truth)).tolist()
        [2.0]
    """

    def errors(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return squared errors in standard deviations."""
        return np.asarray((self.gaps(answer, truth) / scale_of(answer, truth, SPREAD)) ** 2)
