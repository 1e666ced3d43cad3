"""The mean absolute error in standard deviations."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._forecasts import SPREAD, WindowErrors, scale_of

__all__ = ["MaeScaled"]


class MaeScaled(WindowErrors):
    """The mean absolute error of steps ahead, each variable in standard deviations of its training steps.

    Example:
        >>> truth = np.array([[[4.0], [8.0], [2.0], [1.0]]])  # two steps, the spread 2, the naive error 1
        >>> answer = Answer(point=np.array([[[4.0], [4.0]]]))
        >>> MaeScaled().value(MaeScaled().stats(answer, truth)).tolist()
        [1.0]
    """

    def errors(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return absolute errors in standard deviations."""
        return np.asarray(np.abs(self.gaps(answer, truth)) / scale_of(answer, truth, SPREAD))
