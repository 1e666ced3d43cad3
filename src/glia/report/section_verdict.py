"""The first thing on the page: does the network win, by how much, and is the difference real?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glia.report.markup import Html, tag
from glia.report.scale import finite
from glia.report.words import count, duration, interval, number, sentence, spoken

__all__ = ["facts", "mood", "verdict"]

MOODS = {"better": "The network is better", "worse": "A simpler model is better", "open": "No clear winner"}


def mood(result: Mapping[str, Any]) -> str:
    """Return ``"better"``, ``"worse"`` or ``"open"``, by where the interval of the difference lies."""
    ends = finite([(result.get("verdict") or {}).get(key) for key in ("low", "high")])
    if len(ends) < 2:
        return "open"
    return "better" if ends[0] > 0 else "worse" if ends[1] < 0 else "open"


def verdict(result: Mapping[str, Any]) -> Html | None:
    """Return the verdict in one box, with the main score beside it."""
    found = result.get("verdict") or {"text": "No simple models were trained beside the network."}
    metric = found.get("metric") or result.get("metric", "")
    score = result.get("scores", {}).get("test", {}).get(metric)
    if not result.get("verdict") and not score:
        return None
    measured = None
    if isinstance(score, Mapping):
        measured = tag(
            "div",
            tag("div", spoken(metric), class_="label"),
            tag("div", number(score.get("value")), class_="big"),
            tag("div", f"95\u00a0% interval {interval(score)}", class_="muted") if interval(score) else None,
            tag("div", f"n = {number(score.get('n'))} test rows", class_="muted") if score.get("n") else None,
            class_="measured",
        )
    how = mood(result)
    said = tag(
        "div",
        tag("p", MOODS[how], class_="mood") if result.get("verdict") else None,
        tag("p", sentence(found.get("text")), class_="text"),
    )
    return tag("section", said, measured, class_=f"verdict {how}", id="verdict")


def facts(result: Mapping[str, Any]) -> Html | None:
    """Return what the run was about, at a glance."""
    target = result.get("target")
    names = ", ".join(map(str, target)) if isinstance(target, list | tuple) else target
    rows = [n for n in (count(result, "rows", part) for part in result.get("rows", {})) if n is not None]
    pairs = [
        ("asked", names),
        ("task", result.get("task")),
        ("network", spoken(result["net"]) if result.get("net") else None),
        ("parameters", f"{result['parameters']:,}" if isinstance(result.get("parameters"), int) else None),
        ("rows", f"{sum(rows):,}" if rows else None),
        ("time", duration(result["seconds"]["total"]) if result.get("seconds", {}).get("total") else None),
    ]
    cells = [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs if value]
    return tag("dl", cells, class_="facts") if cells else None
