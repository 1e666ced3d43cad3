"""What was tried on this machine, which way of training won, and where the time of a step goes."""

from __future__ import annotations

from typing import Any

__all__ = ["plan"]

WORDS = (
    "target",
    "task",
    "net",
    "budget",
    "epochs",
    "test",
    "valid",
    "columns",
    "names",
    "split",
    "group",
    "time",
    "metric",
    "seed",
    "recipe",
)


def plan(source: Any, **words: Any) -> dict[str, Any]:
    """Return the plan that a fit with the same arguments would make, without training.

    Args:
        source: The rows.
        words: The arguments of :func:`glia.fit`.

    Returns:
        ``plan``, ``net``, ``rows``, ``steps``, ``peak`` (measured GFLOP/s of matrix products) and ``lines``, the same
        for people.

    Raises:
        UsageError: The question does not fit the data, or this machine lacks what was wished for.
        DataError: The data cannot be read rightly or must not be trained on.
    """
    from glia.compose.rehearsal import rehearse
    from glia.train.roofline import peaks

    document = rehearse(source, **{**dict.fromkeys(WORDS), "settings": (), "accept": (), **words})
    made = document["plan"]
    found = {name: document[name] for name in ("task", "net", "rows", "steps")}
    peak = peaks(made["threads"])
    return {**found, "plan": made, "peak": peak, "lines": _lines(made, peak)}


def _lines(made: dict[str, Any], peak: dict[str, float]) -> list[str]:
    from glia.train.plan import Plan

    lines = []
    names = ("threads", "precision", "layout", "form", "fused", "compiled")
    for one in made["tried"]:
        way = Plan(**{name: one[name] for name in names})
        won = all(one[name] == made[name] for name in names)
        doubt = "" if one["agrees"] else ", whose loss disagrees"
        lines.append(f"{'→' if won else ' '} {one['seconds'] * 1e3:8.2f} ms a step  {way.words}{doubt}")
    lines.append(f"chosen: {made['reason']}")
    if made["bottleneck"]:
        lines.append(f"bottleneck: {made['bottleneck']}")
    lines.append("matrix products here: " + ", ".join(f"{name} {value:.0f} GFLOP/s" for name, value in peak.items()))
    return lines
