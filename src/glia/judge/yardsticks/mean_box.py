"""The mean box."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np

from glia.core.values import Answer
from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["MeanBox"]


class MeanBox(Yardstick):
    """For each class the mean of its boxes, whatever the picture, scored by how many pictures show the class.

    Example:
        >>> yard = MeanBox("detect", {})
        >>> yard.fit({"image": np.zeros((2, 1, 8, 8))}, np.array([[[0, 0.1, 0, 0.5, 1]], [[0, 0.3, 0, 0.7, 1]]]))
        >>> yard.answer({"image": np.zeros((1, 1, 8, 8))}).boxes[0].round(3).tolist()
        [[0.0, 1.0, 0.2, 0.0, 0.6, 1.0]]
    """

    title = "the mean box"
    cost = 0
    growth = 0.0
    objectives = frozenset({"detect"})
    reads = frozenset({"image"})

    def how(self) -> str:
        """Return how to get this model without glia."""
        return "numpy: the mean of each class's boxes"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:  # noqa: ARG002
        """Return nothing but the number of rows."""
        return np.zeros((len(inputs["image"]), 1))

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:  # noqa: ARG002
        """Return one box of each class, (K, 6)."""
        weight = np.ones(len(target)) if weight is None else np.asarray(weight, np.float64)
        found = []
        for code in np.unique(target[..., 0]):
            here = (target[..., 0] == code) * weight[:, None]
            if code < 0 or not here.any():
                continue
            shown = float((here.any(1) * weight).sum() / weight.sum())
            found.append([code, shown, *np.average(target[..., 1:].reshape(-1, 4), axis=0, weights=here.reshape(-1))])
        return np.asarray(found).reshape(-1, 6)

    def fit(
        self,
        inputs: Mapping[str, np.ndarray],
        target: np.ndarray,
        weight: Weight = None,
        *,
        seconds: float = inf,
    ) -> None:
        """Take the means."""
        self._boxes = self.model(self.features(inputs, learn=True), target, weight, seconds)

    def answer(self, inputs: Mapping[str, np.ndarray]) -> Answer:
        """Return the same boxes for every picture."""
        return Answer(boxes=(self._boxes,) * len(self.features(inputs)))
