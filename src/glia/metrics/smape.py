"""The symmetric mean absolute percentage error, from 0 to 200."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import asked, steps_of
from glia.metrics._forecasts import WindowErrors
from glia.metrics._safe import ratio

__all__ = ["Smape"]


class Smape(WindowErrors):
    """The mean of 200 |answer - truth| / (|answer| + |truth|): from 0 to 200, as the M competitions count it.

    Some tables print half of it. Source: S. Makridakis et al., *The M4 Competition*, International Journal of
    Forecasting 36 (2020).

    Example:
        >>> answer = Answer(point=np.array([[[3.0], [0.0]]]))
        >>> Smape().value(Smape().stats(answer, np.array([[[1.0], [0.0]]]))).tolist()
        [50.0]
    """

    def errors(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return percentages; where answer and truth are both zero, none."""
        point = asked(answer.point, "point").astype(np.float64)
        steps = steps_of(truth, point)
        return 200 * ratio(np.abs(point - steps), np.abs(point) + np.abs(steps))
