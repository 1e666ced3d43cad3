"""Pixels told apart by their color alone."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np

from glia.core.values import Answer
from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["ColorThreshold"]

_LEVELS = 8
_GREYS = 64
_UNJUDGED = 255


class ColorThreshold(Yardstick):
    """Each color's most frequent class in training; of two classes, the cut of best overlap.

    Example:
        >>> picture = np.array([[[[0, 250], [250, 0]]]], np.uint8)
        >>> yard = ColorThreshold("segment", {})
        >>> yard.fit({"image": picture}, picture[:, 0] // 250)
        >>> yard.answer({"image": picture}).mask.tolist()
        [[[0, 1], [1, 0]]]
    """

    title = "a threshold on color"
    cost = 1
    objectives = frozenset({"segment"})
    reads = frozenset({"image"})

    def how(self) -> str:
        """Return how to get this model without glia."""
        return f"numpy: the most frequent class of each of {_LEVELS} levels a channel"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:  # noqa: ARG002
        """Return the number of each pixel's color, (N, H, W)."""
        pictures = inputs["image"]
        if pictures.shape[1] == 1:
            return pictures[:, 0].astype(np.int64) * _GREYS // 256
        codes = np.zeros(pictures[:, 0].shape, np.int64)
        for channel in range(min(pictures.shape[1], 3)):
            codes = codes * _LEVELS + pictures[:, channel].astype(np.int64) * _LEVELS // 256
        return codes

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:  # noqa: ARG002
        """Return the class of each color, (colors,)."""
        judged = target != _UNJUDGED
        width = 1 + int(target.max(initial=1, where=judged))
        counts = np.zeros((_LEVELS**3, width))
        for n, (codes, true, here) in enumerate(zip(features, target, judged, strict=True)):
            pairs = codes[here] * width + true[here].astype(np.int64)
            found = np.bincount(pairs, minlength=counts.size).reshape(counts.shape)
            counts += found if weight is None else found * weight[n]
        if width > 2:
            return counts.argmax(1)
        return _of_two(counts)

    def fit(
        self,
        inputs: Mapping[str, np.ndarray],
        target: np.ndarray,
        weight: Weight = None,
        *,
        seconds: float = inf,
    ) -> None:
        """Count the classes of each color."""
        self._table = self.model(self.features(inputs, learn=True), target, weight, seconds)

    def answer(self, inputs: Mapping[str, np.ndarray]) -> Answer:
        """Return masks (N, H, W)."""
        return Answer(mask=self._table[self.features(inputs)].astype(np.uint8))


def _of_two(counts: np.ndarray) -> np.ndarray:
    """Return which colors are of class 1: those whose share of it is above the cut of best overlap."""
    total = counts.sum(1)
    share = counts[:, 1] / np.maximum(total, 1)
    order = np.argsort(-share, kind="stable")
    right, said = counts[order, 1].cumsum(), total[order].cumsum()
    overlap = right / np.maximum(said + counts[:, 1].sum() - right, 1)
    chosen = np.zeros(len(counts), np.int64)
    chosen[order[: int(overlap.argmax()) + 1]] = 1
    return np.where(total > 0, chosen, 0)
