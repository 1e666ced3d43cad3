"""The most similar pictures."""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np

from glia.judge.yardsticks._pictures import edges, shrunk
from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["Nearest"]

_NEIGHBORS = 5
_TRIED = 64
"""Questions asked to learn how long one takes."""


class Nearest(Yardstick):
    """The five training pictures whose edges run most alike vote, nearer ones more.

    Rows of weight zero are no neighbors; other weights are not looked at.

    Source: T. Cover and P. Hart, Nearest neighbor pattern classification, 1967.

    Example:
        >>> yard = Nearest("classify", {})
        >>> picture = np.zeros((18, 1, 8, 8), np.uint8)
        >>> picture[::2, :, :, 4:], picture[1::2, :, 4:] = 200, 200
        >>> yard.fit({"image": picture}, np.array([0, 1] * 9))
        >>> yard.answer({"image": picture[:2]}).label.tolist()
        [0, 1]
    """

    title = "its five nearest pictures"
    cost = 2
    growth = 0.5  # a fit is free; what takes time is asking, which `fit` limits by itself
    reads = frozenset({"image"})

    def how(self) -> str:
        """Return how to get this model without glia."""
        kind = "Regressor" if self.objective == "regress" else "Classifier"
        return f'sklearn.neighbors.KNeighbors{kind}(weights="distance") on histograms of oriented gradients'

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:  # noqa: ARG002
        """Return histograms of edges, (N, F), in chunks since each picture needs several of its size."""
        pictures = inputs["image"]
        return np.concatenate([edges(shrunk(pictures[at : at + 1024])) for at in range(0, len(pictures), 1024)])

    def fit(
        self,
        inputs: Mapping[str, np.ndarray],
        target: np.ndarray,
        weight: Weight = None,
        *,
        seconds: float = inf,
    ) -> None:
        """Remember the pictures, as many as can be searched in time for a tenth as many questions."""
        if weight is not None and not weight.all():
            here = np.flatnonzero(weight)
            inputs, target = {"image": inputs["image"][here]}, target[here]
        super().fit(inputs, target, None, seconds=seconds)
        rows = len(target)
        if seconds == inf or rows <= 10 * _TRIED:
            return
        began = time.perf_counter()
        self.answer({"image": inputs["image"][:_TRIED]})
        needed = (time.perf_counter() - began) / _TRIED * rows / 10
        if needed > seconds:
            kept = max(10 * _TRIED, int(rows * seconds / needed))
            super().fit({"image": inputs["image"][:kept]}, target[:kept], None)
            self.note = f"{kept} of {rows} pictures searched, for want of time"

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:  # noqa: ARG002
        """Return a model that remembers."""
        from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

        kind = KNeighborsRegressor if self.objective == "regress" else KNeighborsClassifier
        count = min(_NEIGHBORS, len(target))
        return kind(count, weights="distance", algorithm="brute", n_jobs=self.threads).fit(features, target)
