"""The most similar sounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["Spectra"]

_NEIGHBORS = 5
_DEPTH = 10.0  # in nats of power: 43 decibels


class Spectra(Yardstick):
    """The five training sounds of the most similar mean spectrum, and how it moves, vote, nearer ones more.

    Each sound is brought to one loudness, and what lies 43 decibels below its loudest moment is silence.

    Example:
        >>> yard = Spectra("classify", {})
        >>> sounds = np.zeros((20, 3, 8), np.float32)
        >>> sounds[1::2, 0] = 5.0
        >>> yard.fit({"audio": sounds}, np.array([0, 1] * 10))
        >>> yard.answer({"audio": sounds[:2]}).label.tolist()
        [0, 1]
    """

    title = "the nearest mean spectra"
    cost = 1
    reads = frozenset({"audio"})

    def how(self) -> str:
        """Return how to get this model without glia."""
        kind = "Regressor" if self.objective == "regress" else "Classifier"
        return f'sklearn.neighbors.KNeighbors{kind}(weights="distance") on means, deviations of leveled log-mel bands'

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:
        """Return the mean and the spread of each band over time, standardized, (N, 2M)."""
        sounds = np.asarray(inputs["audio"], np.float32)
        sounds = np.maximum(sounds - sounds.max((1, 2), keepdims=True), -_DEPTH)
        flat = np.concatenate([sounds.mean(2), sounds.std(2)], 1)
        if learn:
            self._center, spread = flat.mean(0), flat.std(0)
            self._spread = np.where(spread > 1e-9, spread, 1)
        return (flat - self._center) / self._spread

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:  # noqa: ARG002
        """Return a model that remembers; rows of weight zero are no neighbors."""
        from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

        kept = slice(None) if weight is None else np.asarray(weight) > 0
        features, target = features[kept], target[kept]
        kind = KNeighborsRegressor if self.objective == "regress" else KNeighborsClassifier
        count = min(_NEIGHBORS, len(target))
        return kind(count, weights="distance", algorithm="brute", n_jobs=self.threads).fit(features, target)
