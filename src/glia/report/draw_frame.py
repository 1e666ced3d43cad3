"""The frame that every chart shares: grid, tick labels and axis names around whatever is drawn inside.

Positions are percentages and text keeps its size, so a chart is readable at any width without a script.
"""

from __future__ import annotations

from collections.abc import Sequence

from glia.report.markup import Html, tag
from glia.report.scale import Scale, percent, tick_text

__all__ = ["figure", "framed", "path"]

Point = tuple[float, float]


def framed(x: Scale, y: Scale, *marks: Html, x_name: str, y_name: str, label: str) -> Html:
    """Return a chart.

    Args:
        x: The horizontal axis.
        y: The vertical axis.
        marks: What to draw, in percent of the frame, from the top left.
        x_name: What the horizontal axis counts.
        y_name: What the vertical axis counts.
        label: What the chart shows, for those who listen to it.
    """
    grid = [
        tag(
            "line",
            x1="0",
            x2="100%",
            y1=percent(100 - y.at(tick)),
            y2=percent(100 - y.at(tick)),
            class_="grid",
        )
        for tick in y.ticks
    ]
    rows = [
        tag("text", tick_text(tick, y), x="100%", y=percent(100 - y.at(tick)), dy=".35em", text_anchor="end")
        for tick in y.ticks
    ]
    columns = [tag("text", tick_text(tick, x), x=percent(x.at(tick)), y="16", text_anchor="middle") for tick in x.ticks]
    return tag(
        "div",
        tag("div", y_name, class_="y-name"),
        tag("svg", rows, class_="ticks", aria_hidden="true"),
        tag("svg", grid, marks, class_="plot", role="img", aria_label=label),
        tag("svg", columns, class_="ticks xs", aria_hidden="true"),
        tag("div", x_name, class_="x-name"),
        class_="chart",
    )


def path(points: Sequence[Point], x: Scale, y: Scale, class_: str) -> Html:
    """Return a line through points, stretched to its frame while its stroke keeps its width."""
    corners = " ".join(f"{x.at(a):.2f},{100 - y.at(b):.2f}" for a, b in points)
    line = tag("polyline", points=corners, class_=f"line {class_}")
    return tag("svg", line, viewBox="0 0 100 100", preserveAspectRatio="none", width="100%", height="100%")


def dot(a: float, b: float, x: Scale, y: Scale, class_: str, radius: float = 3) -> Html:
    """Return a point."""
    return tag("circle", cx=percent(x.at(a)), cy=percent(100 - y.at(b)), r=f"{radius:.3g}", class_=class_)


def figure(title: str, *content: Html | None, caption: str = "", wide: bool = False) -> Html:
    """Return a titled drawing with a sentence on how to read it."""
    return tag(
        "figure",
        tag("h3", title),
        content,
        tag("figcaption", caption) if caption else None,
        class_="wide" if wide else None,
    )
