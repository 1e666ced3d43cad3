"""From what was given back to an answer."""

from __future__ import annotations

import numpy as np

from glia.core.parts import Readout
from glia.core.values import Answer

__all__ = ["Reconstruct"]


class Reconstruct(Readout):
    """What was given back, as it is; there is nothing to learn.

    Example:
        >>> Reconstruct().answer(np.zeros((1, 1, 2, 2))).point.shape
        (1, 1, 2, 2)
    """

    def learn(
        self, outputs: np.ndarray, truth: np.ndarray, *, metric: str, imbalanced: bool = False, level: float = 0.9
    ) -> None:
        """Learn nothing."""

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return pictures (N, C, H, W) from 0 to 255, or features (N, F)."""
        return Answer(point=outputs)
