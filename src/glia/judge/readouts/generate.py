"""From log-probabilities of codes to how surprised a language model was."""

from __future__ import annotations

import numpy as np

from glia.core.parts import Readout
from glia.core.values import Answer

__all__ = ["Generate"]


class Generate(Readout):
    """The surprise of each passage in nats, summed over its codes; nothing is learned.

    Example:
        >>> Generate().answer(np.array([[-1.0, -2.0, np.nan]])).score.tolist()
        [3.0]
    """

    def learn(
        self, outputs: np.ndarray, truth: np.ndarray, *, metric: str, imbalanced: bool = False, level: float = 0.9
    ) -> None:
        """Learn nothing: a temperature would make the model better than the one that writes."""

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return the surprise of (N, L) log-probabilities, not-a-number at padding."""
        return Answer(score=-np.nansum(np.asarray(outputs, np.float64), 1))
