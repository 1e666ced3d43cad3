"""The random forest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glia.judge.yardsticks._yardstick import Weight, Yardstick, grown, stacked

__all__ = ["RandomForest"]

_TREES = (5, 10, 20, 40, 60, 80, 100)


class RandomForest(Yardstick):
    """One hundred deep trees on resampled rows and features, categories as their codes.

    Source: L. Breiman, Random forests, Machine Learning 45 (2001).

    Example:
        >>> yard = RandomForest("classify", {})
        >>> yard.fit({"number": np.array([[-1.0], [1.0]] * 9)}, np.array([0, 1] * 9))
        >>> yard.answer({"number": np.array([[2.0]])}).label.tolist()
        [1]
    """

    title = "a random forest"
    cost = 3

    def how(self) -> str:
        """Return how to get this model without glia."""
        kind = "Regressor" if self.objective == "regress" else "Classifier"
        return f"sklearn.ensemble.RandomForest{kind}(random_state={self.seed})"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:  # noqa: ARG002
        """Return all groups side by side."""
        return stacked(inputs)

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:
        """Return a forest of as many trees as time allows."""
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        kind = RandomForestRegressor if self.objective == "regress" else RandomForestClassifier
        model = kind(warm_start=True, random_state=self.seed, n_jobs=self.threads)
        fit = lambda forest: forest.fit(features, target, sample_weight=weight)  # noqa: E731
        model, trees = grown(model, "n_estimators", _TREES, fit, deadline)
        self.note = "" if trees == _TREES[-1] else f"{trees} of {_TREES[-1]} trees, for want of time"
        return model
