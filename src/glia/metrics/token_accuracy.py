"""The share of words whose tag is right."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive
from glia.metrics._safe import ratio
from glia.metrics._tags import labels_of_rows

__all__ = ["TokenAccuracy"]


class TokenAccuracy(Additive):
    """The share of words whose tag is right, over all words of all rows.

    Example:
        >>> answer = Answer(text=np.array(["N V N", "D"], dtype=object))
        >>> TokenAccuracy().value(TokenAccuracy().stats(answer, np.array(["N V V", "D"], dtype=object))).tolist()
        [0.75]
    """

    needs = "text"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return how many words of each row are right, and how many there are: (N, 2)."""
        found = [(sum(map(str.__eq__, said, true)), len(true)) for said, true in labels_of_rows(answer, truth)]
        return np.array(found, np.float64).reshape(-1, 2)

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return what is right per word."""
        return ratio(sums[:, 0], sums[:, 1], np.nan)
