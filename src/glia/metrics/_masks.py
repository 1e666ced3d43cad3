"""Metrics of masks, from how many pixels of each class are right, said and true.

Legend of shapes: N = pictures, K = classes, H = height, W = width.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked

__all__ = ["MaskCounts"]

UNJUDGED = 255
"""The code of pixels that nobody wants to judge, such as the borders of objects."""


class MaskCounts(Additive):
    """A metric of the pixels of all pictures together.

    Two classes give the numbers of class 1, more give the mean over the classes that occur, background among them.
    """

    needs = "mask"

    def rows(self, answer: Answer, truth: np.ndarray) -> Any:
        """Return right, said and true pixels per class, side by side: (N, 3K)."""
        said, truth = asked(answer.mask, "mask"), np.asarray(truth)
        judged = truth != UNJUDGED
        width = 1 + max(int(said.max(initial=1)), int(truth.max(initial=1, where=judged)))
        counts = np.empty((len(truth), 3, width))
        # Picture by picture, since whole sets of masks as one-hot would not fit.
        for n, (one, other, here) in enumerate(zip(said, truth, judged, strict=True)):
            a, b = one[here].astype(np.int64), other[here].astype(np.int64)
            right = a[a == b]
            counts[n] = [np.bincount(codes, minlength=width) for codes in (right, a, b)]
        kept = slice(1, 2) if width == 2 else slice(None)
        return counts[:, :, kept].reshape(len(truth), -1)

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the metric from pixels per class."""
        return self.of_counts(*np.split(sums, 3, axis=1))

    @abstractmethod
    def of_counts(self, right: np.ndarray, said: np.ndarray, true: np.ndarray) -> np.ndarray:
        """Return the metric, (R,), of how many pixels of each class are right, said and true, (R, K) each."""
