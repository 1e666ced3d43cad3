"""Texts as they were written."""

from __future__ import annotations

import numpy as np

from glia.core.parts import Readout
from glia.core.values import Answer

__all__ = ["Text"]


class Text(Readout):
    """Texts, decoded; nothing is learned.

    Example:
        >>> Text().answer(np.array(["a cat"], dtype=object)).text.tolist()
        ['a cat']
    """

    def learn(
        self, outputs: np.ndarray, truth: np.ndarray, *, metric: str, imbalanced: bool = False, level: float = 0.9
    ) -> None:
        """Learn nothing."""

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return (N,) texts."""
        return Answer(text=np.asarray(outputs, dtype=object).reshape(-1))
