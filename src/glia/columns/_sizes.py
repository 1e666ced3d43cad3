"""What size pictures get, and room for them."""

from __future__ import annotations

import math
import tempfile

import numpy as np

__all__ = ["room", "size_of"]

_STEP = 16
_ALIKE = 1.1
MOST_RESIDENT = 2 << 30


def size_of(sizes: np.ndarray, most: int) -> tuple[int, int]:
    """Return the height and width that pictures get.

    Args:
        sizes: (N, 2) heights and widths of training pictures.
        most: The longest side.

    Returns:
        Their own size where it is one and small enough; a multiple of 16 otherwise: of their common shape, its
        longer side at most ``most``, or a square of their median shorter side.

    Example:
        >>> size_of(np.array([[28, 28], [28, 28]]), 224), size_of(np.array([[480, 640]]), 224)
        ((28, 28), (176, 224))
        >>> size_of(np.array([[480, 640], [640, 480]]), 224)
        (224, 224)
    """
    height, width = (float(median) for median in np.median(sizes, axis=0))
    if (sizes == sizes[0]).all() and max(height, width) <= most:
        return int(height), int(width)
    shapes = sizes[:, 1] / sizes[:, 0]
    low, high = np.quantile(shapes, [0.02, 0.98])
    if high <= low * _ALIKE:
        scale = min(1.0, most / max(height, width))
        return _rounded(height * scale, most), _rounded(width * scale, most)
    side = _rounded(min(float(np.median(sizes.min(axis=1))), most), most)
    return side, side


def _rounded(length: float, most: int) -> int:
    """Return the nearest multiple of 16, at least one and at most what is allowed."""
    return max(min(int(length / _STEP + 0.5) * _STEP, most // _STEP * _STEP), min(_STEP, most))


def room(shape: tuple[int, ...]) -> np.ndarray:
    """Return an array of bytes to fill: in memory, or in an unnamed file on disk where it is very large."""
    if math.prod(shape) <= MOST_RESIDENT:
        return np.empty(shape, np.uint8)
    with tempfile.TemporaryFile(prefix="glia-pictures-") as file:
        return np.memmap(file, np.uint8, "w+", shape=shape)
