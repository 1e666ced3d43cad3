"""What principal components cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np

from glia.core.values import Answer
from glia.judge.readouts.anomaly import Anomaly
from glia.judge.yardsticks._pictures import shrunk
from glia.judge.yardsticks._yardstick import Weight, Yardstick, stacked

__all__ = ["PcaError"]

_COMPONENTS = 32
_ROWS = 20_000


class PcaError(Yardstick):
    """Rows given back from their 32 first principal components; the error is how strange a row is.

    Example:
        >>> g = np.random.default_rng(0)
        >>> flat = np.column_stack([g.normal(size=200)] * 40) + 0.01 * g.normal(size=(200, 40))
        >>> yard = PcaError("anomaly", {})
        >>> yard.fit({"number": flat}, np.zeros(200))
        >>> odd = flat[:1] + g.normal(size=(1, 40))
        >>> yard.answer({"number": np.vstack([flat[:1], odd])}).label.tolist()
        [0, 1]
    """

    title = "the error of principal components"
    cost = 1
    objectives = frozenset({"anomaly", "reconstruct"})
    reads = frozenset({"image", "number", "category", "dense"})

    def how(self) -> str:
        """Return how to get this model without glia."""
        return f"sklearn.decomposition.PCA({_COMPONENTS}), and the squared error of what it gives back"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:
        """Return pixels, or the features of a table on one scale, (N, F)."""
        if "image" in inputs:
            pictures = inputs["image"]
            small = shrunk(pictures) if self.objective == "anomaly" else pictures.astype(np.float32) / 255
            return small.reshape(len(pictures), -1)
        flat = stacked(inputs)
        if learn:
            spread = flat.std(0)
            self._spread = np.where(spread > 1e-9, spread, 1)
        return flat / self._spread

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:  # noqa: ARG002
        """Return the fitted components, at most as many as half the features, so that something is left to miss."""
        from sklearn.decomposition import PCA

        count = max(1, min(_COMPONENTS, len(features) - 1, features.shape[1] // 2))
        with np.errstate(divide="ignore", invalid="ignore"):  # rows all alike have no variance to be shared out
            return PCA(count, svd_solver="randomized", random_state=self.seed).fit(features)

    def fit(
        self,
        inputs: Mapping[str, np.ndarray],
        target: np.ndarray,
        weight: Weight = None,
        *,
        seconds: float = inf,
    ) -> None:
        """Fit the components to the rows that are not known to be anomalous (target 1), and learn usual errors."""
        kept = np.ones(len(target), bool) if weight is None else np.asarray(weight) > 0
        if self.objective == "anomaly" and target.size == len(target):
            kept &= target.reshape(-1) != 1
        rows = np.flatnonzero(kept)[:_ROWS]
        features = self.features({name: values[rows] for name, values in inputs.items()}, learn=True)
        # Errors on the rows of the fit are too small: a fifth is held out to learn what is usual.
        held = max(1, len(rows) // 5)
        self._model = self.model(features[held:], target, weight, seconds)
        self._readout = Anomaly()
        if self.objective == "anomaly":
            self._readout.learn(self._errors(features[:held]), np.zeros(held), metric="roc_auc")

    def answer(self, inputs: Mapping[str, np.ndarray]) -> Answer:
        """Return how strange rows are, or what is given back."""
        features = self.features(inputs)
        if self.objective == "anomaly":
            return self._readout.answer(self._errors(features))
        back = self._model.inverse_transform(self._model.transform(features))
        if "image" not in inputs:
            return Answer(point=back * self._spread)
        return Answer(point=np.clip(back * 255, 0, 255).reshape(inputs["image"].shape))

    def _errors(self, features: np.ndarray) -> np.ndarray:
        back = self._model.inverse_transform(self._model.transform(features))
        return ((features - back) ** 2).mean(1, keepdims=True)
