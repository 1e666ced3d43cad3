"""What yardsticks of forecasts share: windows in standard deviations, and intervals from validation windows.

Legend of shapes: N = windows, L = steps seen, H = steps ahead, V = variables seen, A = variables asked for.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np

from glia.core.values import Answer
from glia.judge.readouts.forecast import Forecast
from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["Forecaster"]


class Forecaster(Yardstick):
    """A forecast that looks at what was seen of each variable itself; its intervals come from validation windows."""

    growth = 0.0
    ordered = True
    objectives = frozenset({"forecast"})
    reads = frozenset({"series"})

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._readout = Forecast()
        target, series = self.specs.get("target"), self.specs.get("series")
        self.horizon = int(target.size[0] or 1) if target else 1
        names = series.names if series else ()
        self._places = [names.index(name) for name in target.names] if target and names else [0]

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:  # noqa: ARG002
        """Return the past of the variables asked for, (N, L, A): a view where all are."""
        series = inputs["series"]
        return series if self._places == list(range(series.shape[2])) else series[:, :, self._places]

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:
        """Return nothing: most forecasts here need no fit."""

    def fit(
        self,
        inputs: Mapping[str, np.ndarray],
        target: np.ndarray,
        weight: Weight = None,
        *,
        seconds: float = inf,
    ) -> None:
        """Learn what there is to learn from training windows and (N, H, A) steps ahead."""
        self._readout = Forecast()
        self.learn(self.features(inputs), target[:, : self.horizon], weight, seconds)

    def choose(self, inputs: Mapping[str, np.ndarray], truth: np.ndarray) -> None:
        """Choose settings on validation windows, and learn how wide intervals must be."""
        seen, steps = self.features(inputs), truth[:, : self.horizon]
        self.settle(seen, steps)
        self._readout.learn(self.ahead(seen), steps, metric="mse_scaled")

    def answer(self, inputs: Mapping[str, np.ndarray]) -> Answer:
        """Return steps ahead, and intervals where validation windows taught them."""
        return self._readout.answer(self.ahead(self.features(inputs)))

    @abstractmethod
    def learn(self, seen: np.ndarray, steps: np.ndarray, weight: Weight, seconds: float) -> None:
        """Learn from (N, L, A) steps seen and (N, H, A) steps ahead."""

    @abstractmethod
    def settle(self, seen: np.ndarray, steps: np.ndarray) -> None:
        """Choose settings on validation windows."""

    @abstractmethod
    def ahead(self, seen: np.ndarray) -> np.ndarray:
        """Return steps ahead, (N, H, A), of steps seen."""
