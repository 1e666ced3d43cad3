"""The places of a picture from which boxes are seen: the centers of the cells of its maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["points"]


def points(height: int, width: int, strides: Sequence[int]) -> Tensor:
    """Return the center of every cell of the maps of a picture, and the cell's side.

    Args:
        height: Of the picture, in pixels.
        width: Likewise.
        strides: Side of a cell of each map, in pixels; maps are as large as it takes to cover the picture.

    Returns:
        (A, 3): x, y and side in pixels, map after map, row by row.

    Example:
        >>> points(16, 16, (8, 16)).tolist()
        [[4.0, 4.0, 8.0], [12.0, 4.0, 8.0], [4.0, 12.0, 8.0], [12.0, 12.0, 8.0], [8.0, 8.0, 16.0]]
    """
    maps = []
    for stride in strides:
        y, x = (torch.arange(-(-side // stride)) * stride + stride / 2 for side in (height, width))
        grid = torch.meshgrid(y, x, indexing="ij")
        maps.append(torch.stack([grid[1], grid[0], torch.full_like(grid[0], stride)], -1).flatten(0, 1))
    return torch.cat(maps)
