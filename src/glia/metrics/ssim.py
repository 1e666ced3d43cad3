"""Structural similarity."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked, ratio_of_last

__all__ = ["Ssim"]

_SIDE = 7
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


class Ssim(Additive):
    """How alike two pictures look: their local means, spreads and correlation compared; the mean over pictures.

    Windows of 7 x 7 pixels, all alike, variances of samples, channels averaged: scikit-image's definition. Pictures
    (N, C, H, W) are on the scale from 0 to 255.

    Source: Z. Wang et al., Image quality assessment: from error visibility to structural similarity, 2004.

    Example:
        >>> picture = np.arange(64.0).reshape(1, 1, 8, 8)
        >>> Ssim().value(Ssim().stats(Answer(point=picture), picture)).tolist()
        [1.0]
    """

    needs = "point"
    pictures = True

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return the similarity of each picture, and 1 to count it: (N, 2)."""
        point = asked(answer.point, "point")
        truth = np.asarray(truth).reshape(point.shape)
        # In chunks, since every picture needs five windows' worth of doubles.
        found = [_similar(point[at : at + 256], truth[at : at + 256]) for at in range(0, len(point), 256)]
        return np.column_stack([np.concatenate(found or [np.zeros(0)]), np.ones(len(point))])

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the mean over pictures."""
        return ratio_of_last(sums)[:, 0]


def _similar(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    x, y = one.astype(np.float64), other.astype(np.float64)
    side = min(_SIDE, *x.shape[2:])
    mean_x, mean_y = _windows(x, side), _windows(y, side)
    sample = side**2 / max(side**2 - 1, 1)
    var_x, var_y = ((_windows(a * a, side) - m * m) * sample for a, m in ((x, mean_x), (y, mean_y)))
    shared = (_windows(x * y, side) - mean_x * mean_y) * sample
    above = (2 * mean_x * mean_y + _C1) * (2 * shared + _C2)
    below = (mean_x**2 + mean_y**2 + _C1) * (var_x + var_y + _C2)
    return (above / below).mean((1, 2, 3))


def _windows(maps: np.ndarray, side: int) -> np.ndarray:
    """Return the mean of every whole window, from running sums."""
    for axis in (2, 3):
        sums = np.cumsum(maps, axis)
        start = np.zeros_like(np.take(sums, [0], axis))
        sums = np.concatenate([start, sums], axis)
        ahead = np.take(sums, np.arange(side, sums.shape[axis]), axis)
        maps = (ahead - np.take(sums, np.arange(sums.shape[axis] - side), axis)) / side
    return maps
