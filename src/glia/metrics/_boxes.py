"""Metrics of boxes by the rules of COCO, computable on resampled pictures.

Legend of shapes: N = pictures, K = classes, D = said boxes of one class, R = resamples, T = thresholds of overlap.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from glia.core.parts import Metric
from glia.core.values import Answer
from glia.metrics._safe import mean_where, ratio

__all__ = ["BoxMetric", "overlaps"]

_MOST = 100
"""Boxes of one class that are looked at in a picture, the best ones."""
_RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class _Class:
    """What is known of one class: its boxes in the order of their scores.

    Args:
        picture: (D,) the picture of each said box.
        right: (T, D) whether it finds an object that no better one has found.
        true: (N,) objects in each picture, times the picture's weight.
        weight: (N,) how much each picture counts.
    """

    picture: np.ndarray
    right: np.ndarray
    true: np.ndarray
    weight: np.ndarray


class BoxMetric(Metric):
    """Mean over classes and thresholds of the area under precision over recall, as COCO has it.

    Truth is (N, M, 5): class, left, top, right, bottom; class -1 is padding. A said box is right if it overlaps an
    object of its class, that no box of higher score has taken, by at least the threshold. Precision at a recall is the
    best precision at that recall or a higher one, read at 101 recalls. Classes that never occur do not count.

    Source: T.-Y. Lin et al., Microsoft COCO: common objects in context, 2014; and the evaluation code of its authors.
    """

    needs = "boxes"

    @property
    @abstractmethod
    def thresholds(self) -> np.ndarray:
        """Overlaps from which a box is right."""

    def stats(self, answer: Answer, truth: np.ndarray, weight: np.ndarray | None = None) -> list[_Class]:
        """Return, for each class that occurs, its boxes in the order of their scores, matched."""
        if answer.boxes is None:
            raise ValueError("the answer holds no boxes")
        weight = np.ones(len(truth)) if weight is None else np.asarray(weight, np.float64)
        codes = np.unique(truth[..., 0])
        return [self._of_class(answer.boxes, truth, code, weight) for code in codes[codes >= 0]]

    def _of_class(self, said: tuple[np.ndarray, ...], truth: np.ndarray, code: float, weight: np.ndarray) -> _Class:
        pictures, scores, right = [], [], []
        true = np.zeros(len(truth))
        for n, (boxes, objects) in enumerate(zip(said, truth, strict=True)):
            boxes = boxes[boxes[:, 0] == code]
            boxes = boxes[np.argsort(-boxes[:, 1], kind="stable")[:_MOST]]
            objects = objects[objects[:, 0] == code, 1:]
            true[n] = len(objects) * weight[n]
            pictures.append(np.full(len(boxes), n))
            scores.append(boxes[:, 1])
            right.append(matched(overlaps(boxes[:, 2:], objects), self.thresholds))
        order = np.argsort(-np.concatenate(scores), kind="stable")
        return _Class(np.concatenate(pictures)[order], np.concatenate(right, 1)[:, order], true, weight)

    def value(self, stats: list[_Class], counts: np.ndarray | None = None) -> np.ndarray:
        """Return the metric of each resample; NaN where no object is left."""
        if not stats:
            return np.full(1 if counts is None else len(counts), np.nan)
        counts_RN = np.ones((1, len(stats[0].true))) if counts is None else counts
        objects = np.stack([counts_RN @ one.true for one in stats], -1)
        values = np.stack([_average_precision(one, counts_RN, there) for one, there in zip(stats, objects.T)], -1)
        return mean_where(values, objects > 0, otherwise=np.nan)


def _average_precision(one: _Class, counts_RN: np.ndarray, objects_R: np.ndarray) -> np.ndarray:
    """Return the mean over thresholds of the average precision of each resample, (R,)."""
    if not len(one.picture):
        return np.zeros(len(counts_RN))
    drawn_RD = counts_RN[:, one.picture] * one.weight[one.picture]
    said_RD = np.cumsum(drawn_RD, 1)
    total = np.zeros(len(counts_RN))
    for right_D in one.right:
        found_RD = np.cumsum(drawn_RD * right_D, 1)
        precision = ratio(found_RD, said_RD)
        # The best precision at this recall or a higher one.
        precision = np.maximum.accumulate(precision[:, ::-1], 1)[:, ::-1]
        for r, (found, there) in enumerate(zip(found_RD, objects_R)):
            if there > 0:
                place = np.searchsorted(found / there, _RECALLS, side="left")
                reached = place[place < len(found)]
                total[r] += precision[r, reached].sum() / len(_RECALLS)
    return total / len(one.right)


def overlaps(said: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return the intersection over union of every said with every true box, (D, G).

    Example:
        >>> overlaps(np.array([[0.0, 0, 2, 1]]), np.array([[1.0, 0, 3, 1]])).round(3).tolist()
        [[0.333]]
    """
    a, b = said[:, None].astype(np.float64), true[None].astype(np.float64)
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.maximum(sides, 0).prod(-1)
    area = sum(np.maximum(c[..., 2:] - c[..., :2], 0).prod(-1) for c in (a, b))
    return ratio(shared, area - shared)


def matched(iou: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return which boxes, best score first, find an object that none before them has found, (T, D).

    Each takes, among the free objects it overlaps by the threshold at least, the one it overlaps most.

    Args:
        iou: (D, G) overlaps of said boxes with objects.
        thresholds: (T,) least overlaps.
    """
    right = np.zeros((len(thresholds), len(iou)), bool)
    if not iou.shape[1]:
        return right
    rows = np.arange(len(thresholds))
    free = np.ones((len(thresholds), iou.shape[1]), bool)
    for place, row in enumerate(iou):
        offered = np.where(free, row, -1.0)
        # Of equal overlaps the last object is taken, as in the code of COCO's authors.
        best = iou.shape[1] - 1 - offered[:, ::-1].argmax(1)
        # The same code lets a threshold be reached that rounding alone keeps out of reach.
        right[:, place] = offered[rows, best] >= np.minimum(thresholds, 1 - 1e-10)
        free[rows, best] &= ~right[:, place]
    return right
