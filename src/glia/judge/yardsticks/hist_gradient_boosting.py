"""Gradient boosted trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glia.judge.yardsticks._yardstick import Weight, Yardstick, grown, stacked

__all__ = ["HistGradientBoosting"]

_ROUNDS = 100
_FIRST = 30
"""Fewer than thirty rounds are no yardstick: on small tables two of them say no more than a constant."""
_CODES = 254
"""The largest number of categories that scikit-learn's trees split natively, less one for the rest."""


class HistGradientBoosting(Yardstick):
    """One hundred rounds of histogram gradient boosting, categories native; often the one to beat on tables.

    Source: G. Ke et al., LightGBM: a highly efficient gradient boosting decision tree, NeurIPS 2017.

    Example:
        >>> yard = HistGradientBoosting("classify", {})
        >>> yard.fit({"number": np.array([[-1.0], [1.0]] * 50)}, np.array([0, 1] * 50))
        >>> yard.answer({"number": np.array([[2.0]])}).label.tolist()
        [1]
    """

    title = "gradient boosting"
    cost = 2
    growth = 0.25  # 54 times as many rows took 4 times as long; should they take longer, fewer rounds are grown

    def how(self) -> str:
        """Return how to get this model without glia."""
        kind = "Regressor" if self.objective == "regress" else "Classifier"
        categories = ', categorical_features="from_dtype"' if "category" in self.specs else ""
        return f"sklearn.ensemble.HistGradientBoosting{kind}(random_state={self.seed}{categories})"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:
        """Return all groups side by side; the rarest of very many categories become one."""
        codes = inputs.get("category")
        if codes is None or not codes.shape[1]:
            if learn:
                self._maps = []
            return stacked(inputs)
        if learn:
            self._maps = [_commonest(column) for column in codes.T]
        kept = [table[np.minimum(column, len(table) - 1)] for column, table in zip(codes.T, self._maps)]
        return stacked({**inputs, "category": np.column_stack(kept)})

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:
        """Return an ensemble of as many rounds as time allows."""
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        kind = HistGradientBoostingRegressor if self.objective == "regress" else HistGradientBoostingClassifier
        width = features.shape[1]
        native = np.arange(width) >= width - len(self._maps)
        # Early stopping would take a tenth of the rows away, and the number of rounds is small already.
        model = kind(warm_start=True, early_stopping=False, random_state=self.seed, categorical_features=native)
        fit = lambda boosted: boosted.fit(features, target, sample_weight=weight)  # noqa: E731
        # A round of many classes is as many trees.
        first = max(2, _FIRST // max(1, self.classes // 2))
        model, rounds = grown(model, "max_iter", (first, 60, _ROUNDS), fit, deadline)
        self.note = "" if rounds == _ROUNDS else f"{rounds} of {_ROUNDS} rounds, for want of time"
        return model


def _commonest(codes: np.ndarray) -> np.ndarray:
    """Return a table from codes to codes below 255; its last entry, 0, is for the rare and the unseen."""
    counts = np.bincount(codes)
    kept = np.sort(np.argsort(-counts, kind="stable")[:_CODES])
    table = np.zeros(len(counts) + 1, np.int64)
    table[kept[counts[kept] > 0]] = np.arange(1, 1 + (counts[kept] > 0).sum())
    return table
