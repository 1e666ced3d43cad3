"""Geometry of boxes, and which place of a picture answers for which object.

Legend: B = rows, A = places a box is seen from, M = objects, K = classes. Boxes are left, top, right, bottom.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["assigned", "overlap"]

_PER_OBJECT = 10
_NEAR = 1.5
"""Cells around the middle of an object that may answer for it, however small it is."""
_SCORE, _OVERLAP = 0.5, 6.0
"""Exponents of score and overlap; an order of magnitude in score weighs as much as a fifth in overlap."""


def overlap(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Return the intersection over union of boxes (..., 4), and its generalization for boxes that lie apart.

    Source: Rezatofighi et al. 2019, Generalized intersection over union.

    Example:
        >>> iou, giou = overlap(torch.tensor([0.0, 0, 2, 1]), torch.tensor([1.0, 0, 3, 1]))
        >>> round(float(iou), 3), round(float(giou), 3)
        (0.333, 0.333)
    """
    low, high = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:], other[..., 2:])
    shared = (high - low).clamp_min(0).prod(-1)
    areas = [(box[..., 2:] - box[..., :2]).clamp_min(0).prod(-1) for box in (one, other)]
    union = (areas[0] + areas[1] - shared).clamp_min(1e-12)
    outer = torch.maximum(one[..., 2:], other[..., 2:]) - torch.minimum(one[..., :2], other[..., :2])
    hull = outer.clamp_min(0).prod(-1).clamp_min(1e-12)
    iou = shared / union
    return iou, iou - (hull - union) / hull


@torch.no_grad()
def assigned(boxes: Tensor, places: Tensor, score: Tensor, objects: Tensor) -> tuple[Tensor, Tensor]:
    """Return which object each place answers for, and how well it does.

    An object is answered for by the ten places inside it whose score and box fit it best (task-aligned assignment;
    Feng et al. 2021, TOOD), so that the best box also learns the best score. Places within one and a half of the
    finest cells of an object's middle count as inside (Tian et al. 2019): a small object would have one or two only.

    Args:
        boxes: (B, A, 4) said boxes, in shares of the picture.
        places: (B, A, 2) x and y of the places.
        score: (B, A, K) said probabilities.
        objects: (B, M, 5) class, left, top, right, bottom; class -1 is padding.

    Returns:
        (B, A) int64 places among the M objects, and (B, A) quality between 0 and 1; 0 where there is no object.
    """
    real = objects[..., 0] >= 0
    corners = objects[..., 1:]
    x, y = places[:, None, :, 0], places[:, None, :, 1]
    left, top, right, bottom = (corners[..., side, None] for side in range(4))
    middle = (corners[..., :2] + corners[..., 2:]) / 2
    reach = _NEAR * _cell(places)[:, None]
    near = ((places[:, None] - middle[:, :, None]).abs() < reach[:, :, None]).all(-1)
    inside = ((x > left) & (x < right) & (y > top) & (y < bottom)) | near
    apart_BMA = (places[:, None] - middle[:, :, None]).square().sum(-1)
    nearest = torch.zeros_like(inside).scatter_(2, apart_BMA.argmin(2, keepdim=True), True)
    able = torch.where(inside.any(2, keepdim=True), inside, nearest) & real[..., None]
    iou_BMA = overlap(boxes[:, None], corners[:, :, None])[0]
    codes = objects[..., 0].long().clamp_min(0)[:, :, None].expand(-1, -1, score.shape[1])
    fit_BMA = score.transpose(1, 2).gather(1, codes) ** _SCORE * iou_BMA**_OVERLAP * able
    # Where nothing fits yet, the places nearest to the middle begin.
    order = fit_BMA + 1e-9 * able / (1 + apart_BMA)
    best = order.topk(min(_PER_OBJECT, order.shape[2]), 2)
    taken = torch.zeros_like(able).scatter_(2, best.indices, True) & able
    # A place inside several objects answers for the one its box covers best.
    rival = torch.where(taken, iou_BMA + 1e-6, 0.0)
    whose = rival.argmax(1)
    taken &= torch.zeros_like(taken).scatter_(1, whose[:, None], True)
    fit_BMA, iou_BMA = fit_BMA * taken, iou_BMA * taken
    # Of an object's places the best gets the quality of its overlap, the others less in proportion.
    scaled = fit_BMA / fit_BMA.amax(2, keepdim=True).clamp_min(1e-12) * iou_BMA.amax(2, keepdim=True)
    # At first no box fits, and qualities of zero would teach nothing: a place that is taken counts at least a little.
    quality = torch.where(taken, scaled.clamp(0.1, 1.0), 0.0)
    return whose, quality.amax(1)


def _cell(places: Tensor) -> Tensor:
    """Return width and height of the finest cells, (B, 2); the places of a map follow one another row by row."""
    steps = (places[:, 1:] - places[:, :-1]).abs()
    return torch.where(steps > 1e-6, steps, 1.0).amin(1) if steps.shape[1] else torch.ones_like(places[:, 0])
