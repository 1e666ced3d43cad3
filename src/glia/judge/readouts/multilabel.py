"""From logits to independent labels."""

from __future__ import annotations

import numpy as np

from glia.core.parts import Readout
from glia.core.values import Answer
from glia.judge.calibration import sigmoid, temperature

__all__ = ["Multilabel"]


class Multilabel(Readout):
    """Probabilities at a fitted temperature; a label applies from one half on.

    Attributes:
        temperature: Logits are divided by it; above 1 the network was too sure of itself.

    Example:
        >>> Multilabel().answer(np.array([[2.0, -2.0]])).label.tolist()
        [[1, 0]]
    """

    def __init__(self) -> None:
        self.temperature = 1.0

    def learn(
        self, outputs: np.ndarray, truth: np.ndarray, *, metric: str, imbalanced: bool = False, level: float = 0.9
    ) -> None:
        outputs = np.asarray(outputs, np.float64)
        self.temperature = temperature(outputs, np.asarray(truth).reshape(outputs.shape) > 0, independent=True)

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return probabilities and 0/1 labels for (N, T) logits."""
        return Answer(probability=sigmoid(outputs / self.temperature), label=(outputs >= 0).astype(np.int64))
