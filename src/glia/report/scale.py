"""Axes: from numbers to percent of a drawing, with round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Scale", "finite", "fitting", "percent", "tick_text"]


@dataclass(frozen=True)
class Scale:
    """A stretch of numbers and its round ticks.

    Example:
        >>> fitting([0, 10]).at(5)
        50.0
    """

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Return where a value lies, in percent; values outside lie on the edge."""
        share = (value - self.low) / (self.high - self.low)
        return 100 * min(max(share, 0.0), 1.0)


def finite(values: Iterable[object]) -> list[float]:
    """Return the values that are numbers one can draw."""
    return [
        float(value)
        for value in values
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e150
    ]


def fitting(values: Iterable[object], *, count: int = 5, pad: float = 0.0, whole: bool = False) -> Scale:
    """Return a scale that holds all values between round ends.

    Args:
        values: Numbers; ``None``, NaN and infinities are passed over.
        count: About how many ticks to make.
        pad: Extra room at both ends, as a share of the stretch.
        whole: Whether ticks are whole numbers.
    """
    numbers = finite(values) or [0.0, 1.0]
    low, high = min(numbers), max(numbers)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-280):
        low, high = low - (abs(low) * 0.1 or 0.5), high + (abs(high) * 0.1 or 0.5)
    room = (high - low) * pad
    low, high = low - room, high + room
    step = _round_step((high - low) / count)
    step = math.ceil(step) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(first * step, last * step, tuple(float(f"{i * step:.12g}") for i in range(first, last + 1)))


def _round_step(rough: float) -> float:
    size = 10.0 ** math.floor(math.log10(rough))
    return next(size * part for part in (1, 2, 2.5, 5, 10) if size * part >= rough * 0.999)


def percent(value: float) -> str:
    """Return a share of the drawing as SVG writes it."""
    return f"{value:.4g}%"


def tick_text(value: float, scale: Scale) -> str:
    """Return a tick's label, with the decimals that its axis needs."""
    step = abs(scale.ticks[1] - scale.ticks[0]) if len(scale.ticks) > 1 else 1.0
    size = max(abs(scale.low), abs(scale.high))
    if size >= 1e9 or size < 1e-3:
        return f"{value:.3g}"
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if size >= max(unit, 1e4):
            return f"{value / unit:.4g}{letter}" if value else "0"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if round(step, decimals) != round(step, 6):
        decimals += 1
    return f"{value:,.{decimals}f}"
