"""Reliability: are things said with 80 % true four times out of five?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from glia.report.draw_frame import dot, framed, path
from glia.report.markup import Html, tag
from glia.report.scale import Scale, finite, percent

__all__ = ["reliability"]


def reliability(found: Mapping[str, Any]) -> Html:
    """Return predicted probabilities against what came true; a larger dot stands for more rows.

    Args:
        found: ``stated``, ``seen``, ``low``, ``high`` and ``n`` of each bin.
    """
    unit = Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))
    names = ("stated", "seen", "low", "high", "n")
    bins = [dict(zip(names, one, strict=True)) for one in zip(*(found[name] for name in names), strict=False)]
    most = max([*finite(one["n"] for one in bins), 1.0])
    marks = [path([(0, 0), (1, 1)], unit, unit, "ideal")]
    for one in bins:
        place = finite([one["stated"], one["seen"]])
        ends = finite([one["low"], one["high"]])
        if len(place) < 2:
            continue
        x = percent(unit.at(place[0]))
        if len(ends) == 2:
            low, high = (percent(100 - unit.at(end)) for end in ends)
            marks.append(tag("line", x1=x, x2=x, y1=low, y2=high, class_="reach c0"))
        share = finite([one["n"]]) or [most]
        marks.append(dot(place[0], place[1], unit, unit, "dot c0", 2.5 + 4 * math.sqrt(share[0] / most)))
    label = "Observed share against predicted probability; on the diagonal they agree"
    return framed(unit, unit, *marks, x_name="predicted probability", y_name="share that came true", label=label)
