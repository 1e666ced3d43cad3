"""Curves over steps: training and validation, with the step that was kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from glia.report.draw_frame import Point, dot, framed, path
from glia.report.markup import Html, tag
from glia.report.scale import Scale, finite, fitting, percent

__all__ = ["lines"]

MOST_POINTS = 240


def lines(
    series: Mapping[str, Sequence[tuple[float, object]]], *, x_name: str, y_name: str, kept: float | None
) -> Html:
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
    marks = [] if kept is None else [_upright(percent(x.at(kept)), "100%")]
    for number, points in enumerate(series.values()):
        marks += [_curve(piece, x, y, f"c{number}") for piece in _pieces(_thinned(points))]
    names = [
        (_key(tag("line", x1="0", x2="22", y1="6", y2="6", class_=f"line c{i}")), name) for i, name in enumerate(series)
    ]
    if kept is not None:
        names.append((_key(_upright("11", "12")), f"weights kept (step {kept:,.0f})"))
    label = f"{y_name} of {', '.join(series)} over {x_name}"
    return tag(
        "div",
        tag("ul", [tag("li", *name) for name in names], class_="legend"),
        framed(x, y, *marks, x_name=x_name, y_name=y_name, label=label),
    )


def _upright(at: str, height: str) -> Html:
    return tag("line", x1=at, x2=at, y1="0", y2=height, class_="kept")


def _key(mark: Html) -> Html:
    return tag("svg", mark, width="22", height="12")


def _curve(piece: list[Point], x: Scale, y: Scale, class_: str) -> Html:
    return path(piece, x, y, class_) if len(piece) > 1 else dot(*piece[0], x, y, class_)


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
