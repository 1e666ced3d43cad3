"""How many standard deviations a value lies off those before it."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np

from glia.core.values import Answer
from glia.judge.readouts.anomaly import Anomaly
from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["ZScore"]


class ZScore(Yardstick):
    """The last step of a window, in standard deviations off the mean of the steps before it; the worst variable counts.

    Windows that hardly moved are divided by a hundredth of the spread of the training steps instead.

    Example:
        >>> yard = ZScore("surprise", {})
        >>> calm = np.random.default_rng(0).normal(size=(200, 20, 1))
        >>> yard.fit({"series": calm}, np.zeros((200, 0)))
        >>> odd = calm[:1].copy()
        >>> odd[0, -1] = 9.0
        >>> yard.answer({"series": np.concatenate([calm[:1], odd])}).label.tolist()
        [0, 1]
    """

    title = "standard deviations off the mean"
    cost = 1
    growth = 0.0
    ordered = True
    objectives = frozenset({"surprise"})
    reads = frozenset({"series"})

    def how(self) -> str:
        """Return how to get this model without glia."""
        return "the last value less the mean of those before it, over their standard deviation"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:  # noqa: ARG002
        """Return how far off each window's last step is, (N, 1)."""
        series = inputs["series"]
        before = series[:, :-1] if series.shape[1] > 1 else series
        spread = np.maximum(before.std(1), self._least)
        return (np.abs(series[:, -1] - before.mean(1)) / spread).max(1, keepdims=True).astype(np.float64)

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:
        """Return nothing: the window itself says what is usual."""

    def fit(
        self,
        inputs: Mapping[str, np.ndarray],
        target: np.ndarray,  # noqa: ARG002 - nothing is known of the answer
        weight: Weight = None,  # noqa: ARG002
        *,
        seconds: float = inf,  # noqa: ARG002
    ) -> None:
        """Learn the spread of the steps, and what distances are usual."""
        spread = inputs["series"][:, -1].std(0)
        self._least = np.where(spread > 0, 1e-2 * spread, 1.0)
        self._readout = Anomaly()
        self._readout.learn(self.features(inputs), np.zeros(len(inputs["series"])), metric="nab")

    def answer(self, inputs: Mapping[str, np.ndarray]) -> Answer:
        """Return how strange windows are, and alarms."""
        return self._readout.answer(self.features(inputs))
