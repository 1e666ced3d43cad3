"""Slices of rows that were cut to different lengths, put together again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["joined"]


def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return slices of rows one after another, shorter ones filled up with zeros, which stand for nothing.

    Args:
        parts: Arrays of rows, axis 0; the other axes may differ in length.

    Example:
        >>> joined([np.array([[1, 2]]), np.array([[3]])]).tolist()
        [[1, 2], [3, 0]]
    """
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) == 1:
        return np.concatenate(parts)
    longest = tuple(map(max, zip(*shapes)))
    out = np.zeros((sum(map(len, parts)), *longest), np.result_type(*parts))
    start = 0
    for part in parts:
        out[(slice(start, start + len(part)), *map(slice, part.shape[1:]))] = part
        start += len(part)
    return out
