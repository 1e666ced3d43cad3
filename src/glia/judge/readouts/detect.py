"""From many boxes to one for each object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glia.core.parts import Readout
from glia.core.values import Answer
from glia.metrics._boxes import matched, overlaps
from glia.metrics.mean_average_precision_50 import MeanAveragePrecision50

__all__ = ["Detect"]

_OVERLAP = 0.6
"""Boxes of one class that overlap a better one by more than this show the same object, unless others are better."""
_OTHERS, _GAIN, _SOME = (0.3, 0.4, 0.5, 0.7, 0.8), 0.005, 200
"""Overlaps that are tried for a class, the precision they must gain, and on how many pictures."""
_LEAST = 0.005
"""Boxes of a lower score are noise, and cost time."""
_MOST = 100
"""Boxes of a class in a picture that are answered, as many as COCO's metric looks at."""


class Detect(Readout):
    """Boxes sifted class by class, and scores that say how often such a box is right.

    Of boxes that overlap much the best stays (non-maximum suppression); how much is much is learned for each class,
    since things that touch or lie in a heap overlap, too. Scores are fitted on the calibration rows: a
    box of score 0.5 is as likely right as wrong, where right is an overlap of one half with an object of its class.
    The order of boxes stays, so that no metric of ranking changes.

    Attributes:
        slope: Factor on the logit of a score.
        shift: Added to it.
        much: From which overlap boxes of a class show the same object, by its code, where it is not the usual one.

    Example:
        >>> said = np.array([[[0, 0.9, 0, 0, 0.5, 0.5], [0, 0.8, 0, 0, 0.5, 0.49], [0, 0.7, 0.6, 0.6, 1, 1]]])
        >>> Detect().answer(said).boxes[0][:, 1].tolist()
        [0.9, 0.7]
    """

    def __init__(self) -> None:
        self.slope = 1.0
        self.shift = 0.0
        self.much: dict[str, float] = {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state` gave; older bundles know the usual overlap only."""
        super().restore({"much": {}, **state})

    def learn(
        self, outputs: np.ndarray, truth: np.ndarray, *, metric: str, imbalanced: bool = False, level: float = 0.9
    ) -> None:
        """Learn what scores mean, from (N, A, 6) boxes and (N, M, 5) objects."""
        self.slope, self.shift, self.much = 1.0, 0.0, {}
        self.much = {
            str(int(code)): much for code in _codes(truth) if (much := _parted(outputs, truth, code)) != _OVERLAP
        }
        scores, right = [], []
        for boxes, objects in zip(outputs, truth, strict=True):
            for code in np.unique(boxes[:, 0]):
                mine = self._sifted(boxes, code)
                own = objects[objects[:, 0] == code, 1:]
                scores.append(mine[:, 1])
                right.append(matched(overlaps(mine[:, 2:], own), np.array([0.5]))[0])
        if scores:
            self.slope, self.shift = _fitted(np.concatenate(scores), np.concatenate(right))

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return the boxes of each picture, best first, for (N, A, 6): class, score, left, top, right, bottom."""
        return Answer(boxes=tuple(self._answer(boxes) for boxes in outputs))

    def _answer(self, boxes: np.ndarray) -> np.ndarray:
        parts = [self._sifted(boxes, code)[:_MOST] for code in np.unique(boxes[:, 0]) if code >= 0]
        found = np.concatenate(parts or [np.zeros((0, 6))]).astype(np.float64)
        found = found[np.argsort(-found[:, 1], kind="stable")]
        if (self.slope, self.shift) != (1.0, 0.0):
            found[:, 1] = _sigmoid(self.slope * _logit(found[:, 1]) + self.shift)
        return found

    def _sifted(self, boxes: np.ndarray, code: float) -> np.ndarray:
        return sifted(boxes[boxes[:, 0] == code], self.much.get(str(int(code)), _OVERLAP))


def _codes(truth: np.ndarray) -> list[float]:
    """Return the classes that occur."""
    return [float(code) for code in np.unique(truth[..., 0]) if code >= 0] if truth.size else []


def _parted(outputs: np.ndarray, truth: np.ndarray, code: float) -> float:
    """Return the overlap that tells objects of a class apart best; another than the usual one only where it gains."""
    metric = MeanAveragePrecision50()
    own = np.where(truth[:_SOME, :, :1] == code, truth[:_SOME], -1.0)
    said = [boxes[boxes[:, 0] == code] for boxes in outputs[:_SOME]]

    def precision(much: float) -> float:
        answer = Answer(boxes=tuple(sifted(boxes, much) for boxes in said))
        return float(metric.value(metric.stats(answer, own))[0])

    found = {much: precision(much) for much in (_OVERLAP, *_OTHERS)}
    best = max(found, key=lambda much: found[much])
    return best if found[best] > found[_OVERLAP] + _GAIN else _OVERLAP


def sifted(boxes: np.ndarray, much: float = _OVERLAP) -> np.ndarray:
    """Return the boxes of one class that overlap no better one much, best first.

    Args:
        boxes: (A, 6) class, score, left, top, right, bottom.
        much: The overlap from which two boxes show the same object.
    """
    boxes = boxes[boxes[:, 1] >= _LEAST]
    boxes = boxes[np.argsort(-boxes[:, 1], kind="stable")]
    iou = overlaps(boxes[:, 2:], boxes[:, 2:])
    kept: list[int] = []
    left = np.ones(len(boxes), bool)
    for place in range(len(boxes)):
        if left[place]:
            kept.append(place)
            left &= iou[place] <= much
    return boxes[kept]


def _fitted(score: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Return slope and shift of the logistic curve through what was right (Platt 1999); a rising one, or none."""
    from scipy.optimize import minimize

    if right.sum() < 5 or (~right).sum() < 5:
        return 1.0, 0.0
    logit = _logit(score)

    def loss(at: np.ndarray) -> float:
        drive = at[0] * logit + at[1]
        return float(np.logaddexp(0, np.where(right, -drive, drive)).sum() + 0.5 * (at[0] - 1) ** 2)

    slope, shift = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0.05, 20), (-20, 20)]).x
    return float(slope), float(shift)


def _logit(score: np.ndarray) -> np.ndarray:
    score = np.clip(score, 1e-7, 1 - 1e-7)
    return np.log(score) - np.log1p(-score)


def _sigmoid(logit: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0.0, -logit))
