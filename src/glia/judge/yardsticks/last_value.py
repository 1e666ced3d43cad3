"""The last value, for all steps ahead."""

from __future__ import annotations

import numpy as np

from glia.judge.yardsticks._forecasts import Forecaster
from glia.judge.yardsticks._yardstick import Weight

__all__ = ["LastValue"]


class LastValue(Forecaster):
    """Everything stays as it is: the last value seen, for all steps ahead.

    Example:
        >>> from glia.core.values import Spec
        >>> yard = LastValue("forecast", {"target": Spec(("time", "variable"), (2, 1))})
        >>> yard.fit({"series": np.zeros((1, 3, 1))}, np.zeros((1, 2, 1)))
        >>> yard.answer({"series": np.array([[[1.0], [2.0], [3.0]]])}).point.tolist()
        [[[3.0], [3.0]]]
    """

    title = "the last value"
    cost = 0

    def how(self) -> str:
        """Return how to get this model without glia."""
        return "the last value seen, for all steps ahead"

    def learn(self, seen: np.ndarray, steps: np.ndarray, weight: Weight, seconds: float) -> None:
        """Learn nothing."""

    def settle(self, seen: np.ndarray, steps: np.ndarray) -> None:
        """Choose nothing."""

    def ahead(self, seen: np.ndarray) -> np.ndarray:
        """Return the last value, again and again."""
        return np.repeat(seen[:, -1:], self.horizon, axis=1)
