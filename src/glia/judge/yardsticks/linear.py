"""The linear model."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["Linear"]


class Linear(Yardstick):
    """Logistic or ridge regression on standardized numbers and one-hot categories, both with a penalty of 1.

    Example:
        >>> yard = Linear("classify", {})
        >>> yard.fit({"number": np.array([[-1.0], [1.0]] * 9)}, np.array([0, 1] * 9))
        >>> yard.answer({"number": np.array([[2.0]])}).label.tolist()
        [1]
    """

    title = "a linear model"
    cost = 1

    def how(self) -> str:
        """Return how to get this model without glia."""
        kind = "Ridge" if self.objective == "regress" else "LogisticRegression"
        return f"sklearn.linear_model.{kind}() on standardized numbers and one-hot categories"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:
        """Return standardized numbers, beside them a sparse one-hot matrix where there are categories."""
        from scipy import sparse

        plain = [np.asarray(inputs[name], np.float64) for name in ("number", "dense") if name in inputs]
        codes = inputs.get("category")
        numbers = np.hstack(plain) if plain else np.zeros((len(np.asarray(codes)), 0))
        if learn:
            self._center, spread = numbers.mean(0), numbers.std(0)
            self._spread = np.where(spread > 1e-12, spread, 1.0)
            self._most = None if codes is None else codes.max(0, initial=0)
        numbers = (numbers - self._center) / self._spread
        if codes is None or self._most is None or not codes.shape[1]:
            return numbers
        # A code beyond those seen in training shares the column of "unknown", code 1, where there is one.
        codes = np.where(codes > self._most, np.minimum(1, self._most), codes)
        places = codes + np.concatenate([[0], np.cumsum(self._most + 1)[:-1]])
        ends = np.arange(0, places.size + 1, places.shape[1])
        shape = (len(places), int((self._most + 1).sum()))
        hot = sparse.csr_array((np.ones(places.size), places.reshape(-1), ends), shape=shape)
        return sparse.csr_array(sparse.hstack([sparse.csr_array(numbers), hot]))

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:  # noqa: ARG002
        """Return a fitted linear model."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression, Ridge

        model = Ridge() if self.objective == "regress" else LogisticRegression(max_iter=300)
        with warnings.catch_warnings():
            # Three hundred steps are enough for a yardstick, converged to the last digit or not.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(features, target, sample_weight=weight)
