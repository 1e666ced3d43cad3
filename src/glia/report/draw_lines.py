"""Curves over steps: training and validation, with the step that was kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from glia.report.draw_frame import Point, dot, framed, path
from glia.report.markup import Html, tag
from glia.report.scale import finite, fitting, percent

__all__ = ["lines"]

MOST_POINTS = 240


def lines(series: Mapping[str, Sequence[tuple[float, object]]], *, x_name: str, y_name: str, kept: float | None) -> Html:
    """Return named curves in one frame.

    A reading that is not a number interrupts its curve and is never bridged or averaged away.

    Args:
        series: Points by name; a value of ``None`` or NaN was not finite.
        x_name: What the horizontal axis counts.
        y_name: What the vertical axis counts.
        kept: The place to mark as the one whose weights were kept.
    """
    x = fitting([a for points in series.values() for a, _ in points])
    y = fitting(_calm([b for points in series.values() for _, b in points]), count=4)
    marks: list[Html] = []
    if kept is not None:
        at = percent(x.at(kept))
        marks.append(tag("line", x1=at, x2=at, y1="0", y2="100%", class_="kept"))
    for number, points in enumerate(series.values()):
        for piece in _pieces(_thinned(points)):
            marks.append(path(piece, x, y, f"c{number}") if len(piece) > 1 else dot(*piece[0], x, y, f"c{number}"))
    names = [
        tag("li", tag("svg", tag("line", x1="0", x2="22", y1="6", y2="6", class_=f"line c{i}"), width="22", height="12"), name)
        for i, name in enumerate(series)
    ]
    if kept is not None:
        mark = tag("svg", tag("line", x1="11", x2="11", y1="0", y2="12", class_="kept"), width="22", height="12")
        names.append(tag("li", mark, f"weights kept (step {kept:,.0f})"))
    label = f"{y_name} of {', '.join(series)} over {x_name}"
    return tag(
        "div", tag("ul", names, class_="legend"), framed(x, y, *marks, x_name=x_name, y_name=y_name, label=label)
    )


def _calm(values: Sequence[object]) -> list[float]:
    """Return values without the few wild first ones that would flatten the rest of the curve."""
    numbers = sorted(finite(values))
    if len(numbers) < 20:
        return numbers
    low, high = numbers[0], numbers[int(0.97 * (len(numbers) - 1))]
    return [value for value in numbers if value <= high + 2 * (high - low)]


def _thinned(points: Sequence[tuple[float, object]]) -> Sequence[tuple[float, object]]:
    """Return at most so many points as can be seen, the last one always among them."""
    every = max(1, math.ceil(len(points) / MOST_POINTS))
    bad = {i for i, (_, value) in enumerate(points) if not finite([value])}
    return [p for i, p in enumerate(points) if i % every == 0 or i == len(points) - 1 or i in bad]


def _pieces(points: Sequence[tuple[float, object]]) -> list[list[Point]]:
    """Return the stretches between readings that were not finite."""
    pieces: list[list[Point]] = [[]]
    for a, value in points:
        number = finite([value])
        if number:
            pieces[-1].append((a, number[0]))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]
