"""The peak signal-to-noise ratio."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked, ratio_of_last

__all__ = ["Psnr"]

_PEAK = 255.0
_LEAST = 1e-10 * _PEAK**2
"""An error this small counts as 100 dB: a perfect picture would be infinitely good and drown all others."""


class Psnr(Additive):
    """How far the brightest value stands above the error of a picture, in decibels; the mean over pictures.

    Pictures are on the scale from 0 to 255; at most 100 dB.

    Example:
        >>> answer = Answer(point=np.full((1, 1, 2, 2), 25.5))
        >>> Psnr().value(Psnr().stats(answer, np.zeros((1, 1, 2, 2)))).tolist()
        [20.0]
    """

    needs = "point"
    pictures = True

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return the decibels of each picture, and 1 to count it: (N, 2)."""
        point = asked(answer.point, "point")
        gap = point.reshape(len(point), -1).astype(np.float64) - np.asarray(truth).reshape(len(point), -1)
        error = np.maximum((gap**2).mean(1), _LEAST)
        return np.column_stack([10 * np.log10(_PEAK**2 / error), np.ones(len(gap))])

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the mean over pictures."""
        return ratio_of_last(sums)[:, 0]
