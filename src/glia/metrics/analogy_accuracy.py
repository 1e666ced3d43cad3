"""How many analogies are completed rightly."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked
from glia.metrics._safe import ratio

__all__ = ["AnalogyAccuracy"]


class AnalogyAccuracy(Additive):
    """The share of questions "a is to b as c is to ?" whose word is found; truth is -1 where a word is not known.

    Source: T. Mikolov et al., *Efficient estimation of word representations in vector space*, 2013.

    Example:
        >>> answer = Answer(label=np.array([5, 7, 9]))
        >>> AnalogyAccuracy().value(AnalogyAccuracy().stats(answer, np.array([5, 8, -1]))).tolist()
        [0.5]
    """

    needs = "label"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return whether each covered question is right, and whether it is covered: (N, 2)."""
        covered = truth >= 0
        right = (asked(answer.label, "label") == truth) & covered
        return np.column_stack([right, covered]).astype(np.float64)

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return what is right of what is covered."""
        return ratio(sums[:, 0], sums[:, 1], np.nan)
