"""Pictures, masks and boxes moved together.

Legend: B = rows, C = channels, H = height, W = width, M = boxes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from glia.core.values import Batch

__all__ = [
    "Fill",
    "across",
    "affine",
    "boxes_of",
    "chosen",
    "clipped",
    "moved",
    "padded",
    "radians",
    "uniform",
    "windows",
]

Fill = Literal["edge", "mirror", "black"]
_LEAST_SEEN = 0.25
"""A box of which less than this is still in the picture is dropped: nobody could say what it shows."""
_MODES = {"edge": "replicate", "mirror": "reflect", "black": "constant"}


def boxes_of(batch: Batch) -> Tensor | None:
    """Return the boxes (B, M, 5) that are asked for, if it is boxes: class, left, top, right, bottom in shares."""
    target = batch.values.get("target")
    there = target is not None and target.dim() == 3 and target.is_floating_point() and target.shape[2] == 5
    return target if there else None


def across(batch: Batch, change: Callable[[Tensor, bool], Tensor], boxes: Callable[[Tensor], Tensor]) -> Batch:
    """Return the batch with pictures, and a mask or boxes asked for, moved.

    Args:
        batch: The rows.
        change: Moves maps (B, C, H, W); told whether they are codes, which have no middle.
        boxes: Moves boxes (B, M, 5).
    """
    values = {"image": change(batch.values["image"], False)}
    target, found = batch.values.get("target"), boxes_of(batch)
    if found is not None:
        values["target"] = boxes(found)
    elif target is not None and target.dim() == 3 and not target.is_floating_point():
        values["target"] = change(target[:, None], True)[:, 0]
    elif target is not None and target.dim() == 4:
        values["target"] = change(target, False)
    return batch.having(**values)


def chosen(rows: int, p: float, generator: torch.Generator) -> Tensor:
    """Return which rows are changed, (B,) bool, each with chance ``p``."""
    return torch.rand(rows, generator=generator) < p


def uniform(rows: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """Return (B,) numbers between two ends."""
    return low + (high - low) * torch.rand(rows, generator=generator)


def padded(maps: Tensor, border: tuple[int, int, int, int], fill: Fill) -> Tensor:
    """Return maps with a border of (left, right, top, bottom) pixels; bytes stay bytes.

    A mirror cannot show more than there is: a border as wide as the picture is filled by its edge.
    """
    if not any(border):
        return maps
    height, width = maps.shape[2:]
    small = max(border[:2]) >= width or max(border[2:]) >= height
    mode = "replicate" if fill == "mirror" and small else _MODES[fill]
    if mode == "constant" or maps.is_floating_point():
        return F.pad(maps, border, mode)
    # PyTorch copies borders of floats only; picking rows and columns does it for every kind.
    rows = _picked(height, border[2], border[3], mode)
    columns = _picked(width, border[0], border[1], mode)
    return maps.index_select(2, rows).index_select(3, columns)


def _picked(size: int, before: int, after: int, mode: str) -> Tensor:
    places = torch.arange(-before, size + after)
    if mode == "reflect":
        places = places.abs()
        return torch.where(places >= size, 2 * (size - 1) - places, places)
    return places.clamp(0, size - 1)


def windows(maps: Tensor, top: Tensor, left: Tensor, height: int, width: int) -> Tensor:
    """Return a window of each row's maps, (B, C, height, width), given its upper left corner, (B,) each.

    Rows of one offset are copied together: for shifts of a few pixels that is some slices, and no gather.
    """
    middle = maps.new_empty(maps.shape[0], maps.shape[1], height, maps.shape[3])
    for offset in top.unique().tolist():
        here = (top == offset).nonzero()[:, 0]
        middle[here] = maps[here, :, offset : offset + height]
    found = maps.new_empty(maps.shape[0], maps.shape[1], height, width)
    for offset in left.unique().tolist():
        here = (left == offset).nonzero()[:, 0]
        found[here] = middle[here, :, :, offset : offset + width]
    return found


def clipped(boxes: Tensor) -> Tensor:
    """Return boxes cut at the border, (B, M, 5); those of which too little is left become padding."""
    corners = boxes[..., 1:].clamp(0, 1)
    before, after = _area(boxes[..., 1:]), _area(corners)
    gone = (boxes[..., 0] < 0) | (after < _LEAST_SEEN * before) | (after <= 0)
    found = torch.cat([boxes[..., :1], corners], -1)
    empty = found.new_tensor([-1.0, 0.0, 0.0, 0.0, 0.0])
    return torch.where(gone[..., None], empty, found)


def _area(corners: Tensor) -> Tensor:
    return (corners[..., 2] - corners[..., 0]).clamp_min(0) * (corners[..., 3] - corners[..., 1]).clamp_min(0)


def affine(
    rows: int,
    *,
    angle: Tensor | None = None,
    scale: Tensor | None = None,
    shear: tuple[Tensor, Tensor] | None = None,
    shift: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Return (B, 2, 3) maps from old places to new ones, in pixels from the center.

    Args:
        rows: B.
        angle: (B,) radians, clockwise as seen, since y points down.
        scale: (B,) factors; above 1 shows things larger.
        shear: (B,) shares that x moves with y, and y with x.
        shift: (B,) pixels to the right and down.
    """
    zero, one = torch.zeros(rows), torch.ones(rows)
    angle, scale = zero if angle is None else angle, one if scale is None else scale
    tilt_x, tilt_y = (zero, zero) if shear is None else shear
    right, down = (zero, zero) if shift is None else shift
    cos, sin = scale * angle.cos(), scale * angle.sin()
    top = torch.stack([cos - sin * tilt_y, cos * tilt_x - sin, right], -1)
    bottom = torch.stack([sin + cos * tilt_y, sin * tilt_x + cos, down], -1)
    return torch.stack([top, bottom], -2)


def moved(batch: Batch, forward: Tensor, fill: Fill) -> Batch:
    """Return the batch with each picture moved by a map of places, (B, 2, 3); masks and boxes move along.

    Args:
        batch: The rows.
        forward: From old places to new ones, in pixels from the center, as :func:`affine` gives them.
        fill: What comes in from outside.
    """
    height, width = batch.values["image"].shape[2:]
    here = ~(forward == affine(1)).flatten(1).all(1)
    if not here.any():
        return batch
    grid = _grid(forward[here], height, width)

    def change(maps: Tensor, codes: bool) -> Tensor:
        found = maps.clone()
        found[here] = _sampled(maps[here], grid, fill, codes)
        return found

    return across(batch, change, lambda boxes: _moved_boxes(boxes, forward, height, width))


def _grid(forward: Tensor, height: int, width: int) -> Tensor:
    """Return for every new pixel the old place it shows, (B, H, W, 2), on the scale of ``grid_sample``."""
    turn = torch.linalg.inv(forward[:, :, :2].double())
    y, x = torch.arange(height) + 0.5 - height / 2, torch.arange(width) + 0.5 - width / 2
    grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], -1).double()
    places = torch.einsum("bij,hwbj->bhwi", turn, grid[:, :, None] - forward[:, :, 2].double())
    return (places / torch.tensor([width / 2, height / 2])).float()


def _sampled(maps: Tensor, grid: Tensor, fill: Fill, codes: bool) -> Tensor:
    modes = {"edge": "border", "mirror": "reflection", "black": "zeros"}
    mode = "nearest" if codes else "bilinear"
    found = F.grid_sample(maps.float(), grid, mode, modes[fill], align_corners=False)
    return found.to(maps.dtype) if maps.is_floating_point() else found.round().to(maps.dtype)


def _moved_boxes(boxes: Tensor, forward: Tensor, height: int, width: int) -> Tensor:
    """Return the upright boxes around the moved ones.

    The box around a turned rectangle is larger than the object in it. An ellipse that fills the box is what objects
    resemble, and the box around it when turned is what is given here.
    """
    sides = torch.tensor([width, height], dtype=boxes.dtype)
    corners = boxes[..., 1:].unflatten(-1, (2, 2)) * sides - sides / 2
    middle, half = corners.mean(-2), (corners[..., 1, :] - corners[..., 0, :]) / 2
    turn = forward[:, None, :, :2].to(boxes.dtype)
    center = (turn @ middle[..., None])[..., 0] + forward[:, None, :, 2]
    reach = ((turn * half[..., None, :]) ** 2).sum(-1).sqrt()
    places = torch.cat([center - reach + sides / 2, center + reach + sides / 2], -1) / torch.cat([sides, sides])
    return clipped(torch.cat([boxes[..., :1], places], -1))


def radians(degrees: Tensor) -> Tensor:
    """Return angles in radians."""
    return degrees * (math.pi / 180)
