"""From log-probabilities of pixels to a mask."""

from __future__ import annotations

import numpy as np

from glia.core.parts import Readout
from glia.core.values import Answer

__all__ = ["Segment"]

_LEVELS = 256
"""Cuts that are tried, evenly spaced."""


class Segment(Readout):
    """The most probable class of each pixel; for two classes, class 1 from a fitted probability on.

    The cut between two classes is the one of best overlap (intersection over union) on the calibration rows; it
    replaces one half only where it gains more than a thousandth.

    Attributes:
        threshold: For two classes, the probability from which a pixel is of class 1; ``None`` = the more probable one.

    Example:
        >>> Segment().answer(np.log([[[[0.25, 0.5]], [[0.75, 0.5]]]])).mask.tolist()
        [[[1, 0]]]
    """

    sparing = True  # one cut, from tens of thousands of pixels a picture

    def __init__(self) -> None:
        self.threshold: float | None = None

    def learn(
        self, outputs: np.ndarray, truth: np.ndarray, *, metric: str, imbalanced: bool = False, level: float = 0.9
    ) -> None:
        """Learn the cut from (N, K, H, W) log-probabilities and (N, H, W) codes."""
        self.threshold = None
        if outputs.shape[1] != 2 or not len(outputs):
            return
        hits, said = np.zeros(_LEVELS), np.zeros(_LEVELS)
        for one, true in zip(outputs, np.asarray(truth), strict=True):
            judged = true <= 1
            place = np.minimum((np.exp(one[1][judged]) * _LEVELS).astype(np.int64), _LEVELS - 1)
            said += np.bincount(place, minlength=_LEVELS)
            hits += np.bincount(place[true[judged] == 1], minlength=_LEVELS)
        # Pixels at or above each cut: said to be of class 1, and right to be.
        said_above, right = said[::-1].cumsum()[::-1], hits[::-1].cumsum()[::-1]
        overlap = right / np.maximum(said_above + hits.sum() - right, 1)
        best = int(overlap.argmax())
        if overlap[best] > overlap[_LEVELS // 2] + 1e-3:
            self.threshold = best / _LEVELS

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return masks (N, H, W) for (N, K, H, W) log-probabilities."""
        if self.threshold is None or outputs.shape[1] != 2:
            mask = outputs.argmax(1)
        else:
            mask = np.exp(outputs[:, 1]) >= self.threshold
        return Answer(mask=mask.astype(np.uint8 if outputs.shape[1] <= 255 else np.int64))
