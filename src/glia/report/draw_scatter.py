"""Predicted against true numbers; on the diagonal they agree."""

from __future__ import annotations

import math
from collections.abc import Sequence

from glia.report.draw_frame import dot, framed, path
from glia.report.markup import Html
from glia.report.scale import finite, fitting

__all__ = ["pairs_of", "scatter"]

MOST_POINTS = 400


def pairs_of(truth: Sequence[object], predicted: Sequence[object]) -> list[tuple[float, float]]:
    """Return the pairs that can be drawn."""
    both = (finite(pair) for pair in zip(truth, predicted, strict=False))
    return [(pair[0], pair[1]) for pair in both if len(pair) == 2]


def scatter(pairs: Sequence[tuple[float, float]], name: str) -> Html:
    """Return a cloud of (truth, predicted)."""
    x = fitting([pair[0] for pair in pairs])
    y = fitting([pair[1] for pair in pairs])
    low, high = max(x.low, y.low), min(x.high, y.high)
    every = max(1, math.ceil(len(pairs) / MOST_POINTS))
    marks = [path([(low, low), (high, high)], x, y, "ideal")] if high > low else []
    marks += [dot(a, b, x, y, "cloud", 2.6) for a, b in pairs[::every]]
    label = f"Predicted against true {name} of {len(pairs[::every])} test rows"
    return framed(x, y, *marks, x_name=f"true {name}", y_name=f"predicted {name}", label=label)
