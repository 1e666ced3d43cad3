"""From numbers to numbers with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isinf
from typing import Any

import numpy as np

from glia.core.parts import Readout
from glia.core.values import Answer
from glia.judge.calibration import radius

__all__ = ["Regress"]


class Regress(Readout):
    """Numbers in the units of the question, with split-conformal prediction intervals.

    Attributes:
        radius: For each target, half the length of its interval; infinite (``None`` in JSON) where the calibration
            rows are too few to promise anything.
        level: How often an interval holds the truth.

    Example:
        >>> readout = Regress()
        >>> readout.learn(np.zeros((9, 1)), np.arange(9.0)[:, None], metric="rmse")
        >>> readout.answer(np.array([[10.0]])).high.tolist()
        [[18.0]]
    """

    def __init__(self) -> None:
        self.radius: tuple[float, ...] = ()
        self.level = 0.9

    def learn(
        self, outputs: np.ndarray, truth: np.ndarray, *, metric: str, imbalanced: bool = False, level: float = 0.9
    ) -> None:
        gaps = np.abs(np.asarray(outputs, np.float64) - np.asarray(truth).reshape(outputs.shape))
        self.radius, self.level = tuple(radius(gap, level) for gap in gaps.T), level

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return points and intervals for (N, T) numbers in the units of the question."""
        if not self.radius:
            return Answer(point=outputs)
        reach = np.asarray(self.radius)
        return Answer(point=outputs, low=outputs - reach, high=outputs + reach)

    def state(self) -> dict[str, Any]:
        # JSON knows no infinity.
        return {"radius": [None if isinf(one) else one for one in self.radius], "level": self.level}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.radius = tuple(inf if one is None else float(one) for one in state["radius"])
        self.level = float(state["level"])
