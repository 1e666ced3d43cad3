"""The linear model on pixels."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from glia.judge.yardsticks._pictures import shrunk
from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["Pixels"]


class Pixels(Yardstick):
    """Logistic or ridge regression on the pixels of pictures shrunk to at most 32 a side.

    Example:
        >>> yard = Pixels("classify", {})
        >>> picture = np.zeros((18, 1, 8, 8), np.uint8)
        >>> picture[1::2] = 200
        >>> yard.fit({"image": picture}, np.array([0, 1] * 9))
        >>> yard.answer({"image": picture[:2]}).label.tolist()
        [0, 1]
    """

    title = "a linear model on pixels"
    cost = 1
    reads = frozenset({"image"})

    def how(self) -> str:
        """Return how to get this model without glia."""
        kind = "Ridge" if self.objective == "regress" else "LogisticRegression"
        return f"sklearn.linear_model.{kind}() on pixels from 0 to 1, pictures shrunk to at most 32 a side"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:
        """Return centered pixels side by side, (N, F)."""
        flat = shrunk(inputs["image"]).reshape(len(inputs["image"]), -1)
        if learn:
            self._center = flat.mean(0)
        return flat - self._center

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:  # noqa: ARG002
        """Return a fitted linear model."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression, Ridge

        model = Ridge() if self.objective == "regress" else LogisticRegression(max_iter=100)
        with warnings.catch_warnings():
            # A hundred steps are enough for a yardstick, converged to the last digit or not.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(features, target, sample_weight=weight)
