"""From log-probabilities to a class."""

from __future__ import annotations

import numpy as np

from glia.core.parts import Readout
from glia.core.values import Answer
from glia.judge.calibration import log_softmax, temperature, threshold

__all__ = ["Classify"]


class Classify(Readout):
    """Probabilities at a fitted temperature, and the more probable class or, for two, a fitted threshold.

    Attributes:
        temperature: Logits are divided by it; above 1 the network was too sure of itself.
        threshold: For two classes, the probability of class 1 from which class 1 is answered; ``None`` = the more
            probable class.

    Example:
        >>> Classify().answer(np.log([[0.25, 0.75]])).label.tolist()
        [1]
    """

    def __init__(self) -> None:
        self.temperature = 1.0
        self.threshold: float | None = None

    def learn(
        self, outputs: np.ndarray, truth: np.ndarray, *, metric: str, imbalanced: bool = False, level: float = 0.9
    ) -> None:
        outputs, truth = np.asarray(outputs, np.float64), np.asarray(truth).reshape(-1).astype(np.int64)
        self.temperature, self.threshold = temperature(outputs, truth), None
        if outputs.shape[1] == 2 and (imbalanced or metric in ("f1", "balanced_accuracy")):
            score = np.exp(log_softmax(outputs / self.temperature))[:, 1]
            wanted = metric if metric in ("f1", "balanced_accuracy") else "f1_of_both"
            self.threshold = threshold(score, truth, wanted)

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return probabilities and classes for (N, K) log-probabilities."""
        probability = np.exp(log_softmax(outputs / self.temperature))
        # The label is read from the outputs, so that rounding in the division can never change it.
        label = outputs.argmax(1) if self.threshold is None else probability[:, 1] >= self.threshold
        return Answer(probability=probability, label=label.astype(np.int64))
