"""Numbers, bars and curves as text; what is not finite is always seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["bar", "braille", "number", "plot"]


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
    values = [_tamed(value) for value in values]
    count = min(2 * width, len(values) // 2 * 2)
    edges = [round(index * len(values) / count) for index in range(count + 1)]
    points = [_mean(values[low:high]) for low, high in pairwise(edges)]
    finite = [point for point in points if point is not None]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    levels = [None if p is None else 0 if high == low else round(3 * (p - low) / (high - low)) for p in points]
    return "".join(_cell(left, right) for left, right in zip(levels[::2], levels[1::2], strict=True))


def plot(values: Sequence[float | None], width: int, height: int) -> list[str]:
    """Return a curve as lines of braille, four levels a line; a place that is not finite is a ``×`` in the last line.

    Few values are stretched and joined, many are averaged. A curve of positive numbers that spans more than a factor
    of 20 is drawn on a logarithmic scale.

    Example:
        >>> print("\\n".join(plot([4, 3, 2, 1], 4, 1)))
        ⠉⠒⠤⣀
        >>> plot([1.0], 4, 1)
        ['    ']
    """
    values = [_tamed(value) for value in values]
    if len(values) < 2:
        return [" " * width] * height
    points = _points(values, 2 * width)
    finite = [point for point in points if point is not None]
    if not finite:
        return [" " * width] * (height - 1) + ["×" * width]
    if min(finite) > 0 and max(finite) > 20 * min(finite):
        points = [None if point is None else math.log(point) for point in points]
        finite = [point for point in points if point is not None]
    low, scale = min(finite), (4 * height - 1) / ((max(finite) - min(finite)) or 1.0)
    levels = [None if point is None else round((point - low) * scale) for point in points]
    grid = [[0] * width for _ in range(height)]
    for x, level in enumerate(levels):
        before = levels[x - 1] if x else None
        for y in range(*_span(before, level)):
            grid[height - 1 - y // 4][x // 2] |= DOTS[x % 2][y % 4]
    lines = ["".join(chr(0x2800 + cell) if cell else " " for cell in row) for row in grid]
    odd = {x // 2 for x, level in enumerate(levels) if level is None}
    lines[-1] = "".join("×" if place in odd else sign for place, sign in enumerate(lines[-1]))
    return lines


MOST = 1e290
DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))


def _span(before: int | None, level: int | None) -> tuple[int, int]:
    """Return which levels a column marks so that it touches the column before it."""
    if level is None:
        return 0, 0
    if before is None or abs(before - level) <= 1:
        return level, level + 1
    return (level, before) if before > level else (before + 1, level + 1)


def _points(values: Sequence[float | None], count: int) -> list[float | None]:
    """Return so many points of a curve: means of many values, or values in between few."""
    if len(values) >= count:
        edges = [round(index * len(values) / count) for index in range(count + 1)]
        return [_mean(values[low:high]) for low, high in pairwise(edges)]
    last = len(values) - 1
    points = []
    for index in range(count):
        place = index * last / max(count - 1, 1)
        left, right = values[int(place)], values[min(int(place) + 1, last)]
        share = place - int(place)
        points.append(_between(left, right, share) if share else left)
    return points


def _between(left: float | None, right: float | None, share: float) -> float | None:
    """Return a value on the line between two; near one that is not finite it is not finite."""
    if left is None or right is None:
        return left if share < 0.5 else right
    return left + share * (right - left)


def _tamed(value: float | None) -> float | None:
    """Return a number that can be reckoned with, ``None`` for one that is not finite."""
    return min(max(value, -MOST), MOST) if value is not None and math.isfinite(value) else None


def _mean(values: Sequence[float | None]) -> float | None:
    whole = [value for value in values if value is not None]
    return math.fsum(whole) / len(values) if len(whole) == len(values) else None


def _cell(left: int | None, right: int | None) -> str:
    if left is None or right is None:
        return "×"
    return chr(0x2800 + DOTS[0][left] + DOTS[1][right])
