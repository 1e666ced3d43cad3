"""From logits of words to a tag for each."""

from __future__ import annotations

import numpy as np

from glia.core.parts import Readout
from glia.core.values import Answer

__all__ = ["Tag"]


class Tag(Readout):
    """The likeliest tag of each word; code 0 stands for no word and is never answered. Nothing is learned.

    Example:
        >>> Tag().answer(np.array([[[9.0, 1.0, 2.0], [0.0, 3.0, 1.0]]])).label.tolist()
        [[2, 1]]
    """

    def learn(
        self, outputs: np.ndarray, truth: np.ndarray, *, metric: str, imbalanced: bool = False, level: float = 0.9
    ) -> None:
        """Learn nothing."""

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return (N, L) tags for (N, L, K) logits."""
        return Answer(label=outputs[..., 1:].argmax(-1).astype(np.int64) + 1)
