"""What simple models see of pictures: pixels, or which way edges run where.

Legend of shapes: N = pictures, C = channels, H = height, W = width.
"""

from __future__ import annotations

import numpy as np

__all__ = ["edges", "shrunk"]

_SIDE = 32
_WAYS = 9
"""Directions that are told apart; an edge and its reverse are one."""


def shrunk(pictures: np.ndarray, side: int = _SIDE) -> np.ndarray:
    """Return pictures (N, C, h, w) float32 from 0 to 1, their longer side at most ``side`` pixels.

    Blocks of pixels are averaged; a last block that is not whole is left out.

    Example:
        >>> shrunk(np.full((2, 3, 70, 40), 255, np.uint8)).shape
        (2, 3, 23, 13)
    """
    block = -(-max(pictures.shape[2:]) // side)
    height, width = (max(pixels // block, 1) for pixels in pictures.shape[2:])
    kept = pictures[:, :, : height * block, : width * block].astype(np.float32) / 255
    return kept.reshape(*kept.shape[:2], height, block, width, block).mean((3, 5)) if block > 1 else kept


def edges(pictures: np.ndarray, cell: int = 4) -> np.ndarray:
    """Return histograms of the directions of edges in cells of a picture, (N, F) float32, each picture of length 1.

    Source: N. Dalal and B. Triggs, Histograms of oriented gradients for human detection, CVPR 2005; a cell is
    normalized by its own length instead of by overlapping blocks, and channels by the one of steepest edge.

    Args:
        pictures: (N, C, H, W) numbers, both sides at least ``cell``.
        cell: Side of a cell in pixels.

    Example:
        >>> edges(np.random.default_rng(0).random((2, 1, 8, 12))).shape  # 2 x 3 cells, 9 directions
        (2, 54)
    """
    down, right = np.gradient(pictures.astype(np.float32), axis=(2, 3))
    length = np.hypot(down, right)
    steepest = length.argmax(1)[:, None]
    down, right, length = (np.take_along_axis(x, steepest, 1)[:, 0] for x in (down, right, length))
    place = (np.arctan2(down, right) % np.pi) / np.pi * _WAYS
    low = np.floor(place).astype(np.int64) % _WAYS
    share = place - np.floor(place)
    rows, columns = (pixels // cell for pixels in pictures.shape[2:])
    found = np.zeros((len(pictures), rows, columns, _WAYS), np.float32)
    for way in range(_WAYS):
        # An edge between two directions counts for both, in proportion.
        votes = length * ((low == way) * (1 - share) + ((low + 1) % _WAYS == way) * share)
        votes = votes[:, : rows * cell, : columns * cell].reshape(-1, rows, cell, columns, cell)
        found[..., way] = votes.sum((2, 4))
    found /= np.linalg.norm(found, axis=-1, keepdims=True) + 0.1
    flat = found.reshape(len(pictures), -1)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)
