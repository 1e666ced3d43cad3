"""The picture that was given, untouched."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np

from glia.core.values import Answer
from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["AsItIs"]


class AsItIs(Yardstick):
    """The noisy or stained picture as it is: whoever cleans pictures must do better than to leave them alone.

    Example:
        >>> AsItIs("reconstruct", {}).answer({"image": np.full((1, 1, 2, 2), 7, np.uint8)}).point.max()
        np.float32(7.0)
    """

    title = "the picture as it is"
    cost = 0
    objectives = frozenset({"reconstruct"})
    reads = frozenset({"image"})
    growth = 0.0

    def how(self) -> str:
        """Return how to get this model without glia."""
        return "leaving the pictures as they are"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:  # noqa: ARG002
        """Return the pictures."""
        return inputs["image"]

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:
        """Return nothing; there is nothing to learn."""

    def fit(
        self,
        inputs: Mapping[str, np.ndarray],
        target: np.ndarray,
        weight: Weight = None,
        *,
        seconds: float = inf,
    ) -> None:
        """Learn nothing."""

    def answer(self, inputs: Mapping[str, np.ndarray]) -> Answer:
        """Return the pictures, (N, C, H, W) from 0 to 255."""
        return Answer(point=inputs["image"].astype(np.float32))
