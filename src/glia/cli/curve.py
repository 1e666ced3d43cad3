"""Numbers, bars and curves as text; what is not finite is always seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["bar", "braille", "number"]


def number(value: float | None) -> str:
    """Return a number as people read it.

    Example:
        >>> number(0.123456), number(None)
        ('0.1235', 'not finite')
    """
    return f"{value:.4g}" if value is not None and math.isfinite(value) else "not finite"


def bar(share: float, width: int = 24) -> str:
    """Return how much of something is done.

    Example:
        >>> bar(0.5, 4)
        '━━╌╌'
    """
    done = int(width * min(max(share, 0.0), 1.0))
    return "━" * done + "╌" * (width - done)


def braille(values: Sequence[float | None], width: int) -> str:
    """Return a curve as braille, two points a character and four levels of height.

    A point is the mean of the values it stands for; one of them that is not finite makes the character a ``×``.

    Example:
        >>> braille([4, 3, 2, 1], 2)
        '⠑⢄'
        >>> braille([4, None, 2, 1], 2)
        '×⢄'
    """
    if len(values) < 2:
        return ""
    count = min(2 * width, len(values) // 2 * 2)
    edges = [round(index * len(values) / count) for index in range(count + 1)]
    points = [_mean(values[low:high]) for low, high in pairwise(edges)]
    finite = [point for point in points if point is not None]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    levels = [None if p is None else 0 if high == low else round(3 * (p - low) / (high - low)) for p in points]
    return "".join(_cell(left, right) for left, right in zip(levels[::2], levels[1::2], strict=True))


def _mean(values: Sequence[float | None]) -> float | None:
    total = math.fsum(value if value is not None and math.isfinite(value) else 0.0 for value in values)
    whole = all(value is not None and math.isfinite(value) for value in values)
    return total / len(values) if whole else None


def _cell(left: int | None, right: int | None) -> str:
    if left is None or right is None:
        return "×"
    return chr(0x2800 + (0x40, 0x04, 0x02, 0x01)[left] + (0x80, 0x20, 0x10, 0x08)[right])
