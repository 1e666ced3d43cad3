"""How often each size of a number occurs."""

from __future__ import annotations

from collections.abc import Sequence

from glia.report.draw_frame import framed
from glia.report.markup import Html, tag
from glia.report.scale import fitting, percent

__all__ = ["histogram"]


def histogram(values: Sequence[float], *, x_name: str, bins: int = 28) -> Html:
    """Return bars of counts, with zero marked where it lies inside."""
    x = fitting(values)
    width = (x.high - x.low) / bins
    counts = [0] * bins
    for value in values:
        counts[min(int((value - x.low) / width), bins - 1)] += 1
    y = fitting([0, max(counts, default=1)], count=4, whole=True)
    marks = [
        tag(
            "rect",
            x=percent(100 * i / bins + 0.25),
            width=percent(100 / bins - 0.5),
            y=percent(100 - y.at(count)),
            height=percent(y.at(count)),
            class_="bar",
        )
        for i, count in enumerate(counts)
        if count
    ]
    if x.low < 0 < x.high:
        zero = percent(x.at(0))
        marks.append(tag("line", x1=zero, x2=zero, y1="0", y2="100%", class_="kept"))
    label = f"Histogram of {x_name} over {len(values)} rows"
    return framed(x, y, *marks, x_name=x_name, y_name="rows", label=label)
