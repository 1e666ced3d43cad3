"""What a result does not say: sentences made from its own numbers, for the report and the model card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glia.report.words import count

__all__ = ["limits"]


def limits(result: Mapping[str, Any], curves: Mapping[str, Any]) -> list[str]:
    """Return the limits of a result, one sentence each.

    Example:
        >>> limits({"rows": {"test": 40}}, {})[0]
        'Scores rest on 40 test rows; on so few, small differences mean nothing.'
    """
    said = []
    n = count(result, "rows", "test")
    if n is not None and n < 200:
        said.append(f"Scores rest on {n:,} test rows; on so few, small differences mean nothing.")
    elif n is not None:
        said.append(f"Scores rest on {n:,} test rows and hold for rows that come from where those came from.")
    unit = result.get("split", {}).get("unit", "row")
    if unit != "row":
        said.append(f"Rows were parted by {unit}: scores are for values of {unit} never seen in training.")
    else:
        said.append("Rows were parted one by one; if several belong together (a person, a day), say so and fit again.")
    opened = count(result, "test_opened")
    if opened is not None and opened > 1:
        said.append(f"These test rows have been looked at {opened} times; each look that led to a choice flatters.")
    said += [
        f"Class {one['class']} has {one['n']:,} test rows; what is said about it is a guess."
        for one in curves.get("per_class", [])[:50]
        if isinstance(one.get("n"), int) and one["n"] < 30
    ]
    stops = [one for one in result.get("findings", []) if one.get("severity") == "stop"]
    said += [f"Accepted although it usually stops a run: {one.get('text')}." for one in stops]
    said.append("It predicts; it does not explain causes. Watch its inputs for drift before trusting it over time.")
    return said
