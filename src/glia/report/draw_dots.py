"""Dots with intervals: one strip for each model, all on one scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glia.report.markup import Html, tag
from glia.report.scale import Scale, finite, fitting, percent, tick_text

__all__ = ["axis", "shared_scale", "strip"]


def shared_scale(scores: list[Mapping[str, Any]]) -> Scale:
    """Return the scale that holds every score and its interval."""
    values = finite(score.get(key) for score in scores for key in ("value", "low", "high"))
    scale = fitting(values, count=4, pad=0.04)
    if not values or min(values) < 0 or max(values) > 1:
        return scale
    # Most metrics are shares: an axis that runs past 0 or 1 would promise what cannot be.
    low, high = max(scale.low, 0.0), min(scale.high, 1.0)
    return Scale(low, high, tuple(tick for tick in scale.ticks if low <= tick <= high))


def strip(score: Mapping[str, Any], scale: Scale, label: str, class_: str) -> Html:
    """Return one score as a dot on its interval."""
    marks = [
        tag("line", x1=percent(scale.at(tick)), x2=percent(scale.at(tick)), y1="0", y2="100%", class_="grid")
        for tick in scale.ticks
    ]
    ends = finite([score.get("low"), score.get("high")])
    if len(ends) == 2:
        low, high = (percent(scale.at(end)) for end in ends)
        marks.append(tag("line", x1=low, x2=high, y1="50%", y2="50%", class_=f"reach {class_}"))
        marks += [tag("line", x1=x, x2=x, y1="30%", y2="70%", class_=f"reach {class_}") for x in (low, high)]
    for value in finite([score.get("value")]):
        marks.append(tag("circle", cx=percent(scale.at(value)), cy="50%", r="5.5", class_=f"dot {class_}"))
    return tag("svg", marks, class_="strip", role="img", aria_label=label)


def axis(scale: Scale) -> Html:
    """Return the tick labels under the strips."""
    ticks = [
        tag("text", tick_text(tick, scale), x=percent(scale.at(tick)), y="12", text_anchor="middle")
        for tick in scale.ticks
    ]
    return tag("svg", ticks, class_="ticks strip-axis", aria_hidden="true")
