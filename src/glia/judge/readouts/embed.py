"""How well words go with texts, as they are."""

from __future__ import annotations

import numpy as np

from glia.core.parts import Readout
from glia.core.values import Answer

__all__ = ["Embed"]


class Embed(Readout):
    """Scores of every word for each text; nothing is learned.

    Example:
        >>> Embed().answer(np.array([[0.5, 2.0]])).point.tolist()
        [[0.5, 2.0]]
    """

    def learn(
        self, outputs: np.ndarray, truth: np.ndarray, *, metric: str, imbalanced: bool = False, level: float = 0.9
    ) -> None:
        """Learn nothing."""

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return (N, K) scores."""
        return Answer(point=outputs)
