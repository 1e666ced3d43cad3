"""Whether there are rows enough: how accuracy grew with them, and where it would go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glia.report.draw_frame import figure
from glia.report.draw_lines import lines
from glia.report.markup import Html, tag
from glia.report.words import sentence

__all__ = ["enough"]


def enough(result: Mapping[str, Any]) -> Html | None:
    """Return what a simple model reached with fewer rows, and what more would bring the network."""
    curve = result.get("learning_curve")
    if not isinstance(curve, Mapping) or not curve.get("rows"):
        return None
    names = ("reached", "lower end of 95\u00a0%", "upper end of 95\u00a0%")
    series = {
        name: [(float(size), one[at]) for size, one in zip(curve["rows"], curve["accuracy"], strict=True)]
        for at, name in enumerate(names)
    }
    drawn = lines(series, x_name="training rows", y_name="accuracy", kept=None)
    caption = "A simple model, trained on some of the rows drawn by chance, on the same test rows."
    return tag(
        "section",
        tag("h2", "Would more rows help?"),
        tag("p", sentence(curve.get("text"))),
        tag("div", figure("Accuracy by training rows", drawn, caption=caption), class_="figures three"),
        id="enough",
    )
