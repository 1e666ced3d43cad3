"""The constant answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["Constant"]


class Constant(Yardstick):
    """The share of each class, or the mean, whatever the row: what knowing nothing achieves.

    Example:
        >>> yard = Constant("regress", {})
        >>> yard.fit({"number": np.zeros((2, 1))}, np.array([[1.0], [3.0]]))
        >>> yard.answer({"number": np.zeros((1, 1))}).point.tolist()
        [[2.0]]
    """

    title = "a constant answer"
    cost = 0
    reads = frozenset({"number", "category", "dense", "image", "token", "audio", "series"})
    growth = 0.0

    def how(self) -> str:
        """Return how to get this model without glia."""
        return f"sklearn.dummy.Dummy{_kind(self.objective)}()"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:  # noqa: ARG002
        """Return nothing but the number of rows."""
        return np.zeros((len(next(iter(inputs.values()))), 1))

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:  # noqa: ARG002
        """Return a dummy model."""
        from sklearn.dummy import DummyClassifier, DummyRegressor

        model = DummyRegressor() if self.objective == "regress" else DummyClassifier(strategy="prior")
        return model.fit(features, target, sample_weight=weight)


def _kind(objective: str) -> str:
    return "Regressor" if objective == "regress" else "Classifier"
