"""The mean F1 of tags."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked
from glia.metrics._safe import mean_where, ratio

__all__ = ["TokenF1"]


class TokenF1(Additive):
    """The F1 of each tag over all words, averaged over the tags that occur; code 0 is no word.

    Example:
        >>> answer = Answer(label=np.array([[1, 2, 2]]))
        >>> TokenF1().value(TokenF1().stats(answer, np.array([[1, 1, 2]]))).round(3).tolist()
        [0.667]
    """

    needs = "label"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return right, predicted and true words of each tag, side by side: (N, 3K)."""
        label = asked(answer.label, "label")
        width = min(label.shape[1], truth.shape[1])
        said, true = np.where(truth[:, :width] > 0, label[:, :width], 0), truth
        tags = int(max(said.max(initial=0), true.max(initial=0))) + 1
        right = np.where(said == true[:, :width], said, 0)
        return np.hstack([_counted(codes, tags) for codes in (right, said, true)])

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the mean F1."""
        right, said, true = np.split(sums, 3, axis=1)
        return mean_where(ratio(2 * right, said + true), true > 0, otherwise=np.nan)


def _counted(codes: np.ndarray, tags: int) -> np.ndarray:
    """Return how often each tag but 0 occurs in each row, (N, tags - 1)."""
    places = codes + tags * np.arange(len(codes))[:, None]
    counts = np.bincount(places.reshape(-1), minlength=tags * len(codes)).reshape(len(codes), tags)
    return counts[:, 1:].astype(np.float64)
