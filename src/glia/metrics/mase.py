"""The mean absolute scaled error."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._forecasts import NAIVE, WindowErrors, scale_of

__all__ = ["Mase"]


class Mase(WindowErrors):
    """The mean absolute error over that of the seasonal naive forecast in the training steps of the same series.

    Below 1, a forecast is better than repeating the last season was, one step ahead. Source: R. Hyndman, A. Koehler,
    *Another look at measures of forecast accuracy*, International Journal of Forecasting 22 (2006).

    Example:
        >>> truth = np.array([[[4.0], [8.0], [2.0], [1.0]]])  # two steps, the spread 2, the naive error 1
        >>> answer = Answer(point=np.array([[[4.0], [4.0]]]))
        >>> Mase().value(Mase().stats(answer, truth)).tolist()
        [2.0]
    """

    def errors(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return absolute errors over the naive ones."""
        return np.asarray(np.abs(self.gaps(answer, truth)) / scale_of(answer, truth, NAIVE))
