"""The mean F1 of tags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive
from glia.metrics._safe import mean_where, ratio
from glia.metrics._tags import labels_of_rows

__all__ = ["TokenF1"]


class TokenF1(Additive):
    """The F1 of each tag over all words, averaged over the tags that occur.

    Example:
        >>> answer = Answer(text=np.array(["N V V"], dtype=object))
        >>> TokenF1().value(TokenF1().stats(answer, np.array(["N N V"], dtype=object))).round(3).tolist()
        [0.667]
    """

    needs = "text"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return right, predicted and true words of each tag, side by side: (N, 3K)."""
        found = list(labels_of_rows(answer, truth))
        index = {label: at for at, label in enumerate(sorted({one for pair in found for some in pair for one in some}))}
        right = [[one for one, other in zip(said, true) if one == other] for said, true in found]
        parts = (right, [said for said, _ in found], [true for _, true in found])
        return np.hstack([_counted(part, index) for part in parts])

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the mean F1."""
        right, said, true = np.split(sums, 3, axis=1)
        return mean_where(ratio(2 * right, said + true), true > 0, otherwise=np.nan)


def _counted(rows: Sequence[Sequence[str]], index: dict[str, int]) -> np.ndarray:
    """Return how often each tag occurs in each row, (N, K)."""
    counts = np.zeros((len(rows), len(index)))
    for row, labels in enumerate(rows):
        for label in labels:
            counts[row, index[label]] += 1
    return counts
