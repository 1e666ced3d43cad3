"""A random split of rows that have an order in time."""

from __future__ import annotations

from typing import Any

import numpy as np

from glia.core.finding import Finding
from glia.table.checks._view import View

__all__ = ["check"]

_FEWEST_ROWS, _FEWEST_DATES = 50, 10
# A drift must be both sure and worth speaking of.
_SURE, _SHARES, _DEVIATIONS = 4.0, 0.1, 0.3


def check(view: View) -> list[Finding]:
    """Find date columns along which the target drifts, or the rows are sorted, while the split is random."""
    if view.times is not None or view.grouped or len(view) < _FEWEST_ROWS:
        return []
    for name in view.inputs:
        if view.kind(name) != "date" or len(view.factors(name)[1]) < _FEWEST_DATES:
            continue
        times = view.numbers(name)
        if times is None or np.isnan(times).mean() > 0.1:
            continue
        steps = np.diff(times[~np.isnan(times)])
        ordered = bool((steps >= 0).all() or (steps <= 0).all())
        size, sure = _drift(view, times)
        drifts = sure >= _SURE and size >= (_DEVIATIONS if view.objective == "regress" else _SHARES)
        if ordered or drifts:
            evidence = {"columns": [name], "drift": round(size, 4), "z": round(sure, 2), "sorted": ordered}
            return [_finding(view, name, drifts, evidence)]
    return []


def _drift(view: View, times: np.ndarray) -> tuple[float, float]:
    """Return how far the target of the earliest and the latest third lie apart, also in standard errors.

    Classes are compared by their shares, numbers by their means in standard deviations.
    """
    known = np.flatnonzero(~np.isnan(times))
    order = known[np.argsort(times[known], kind="stable")]
    third = len(order) // 3
    if view.objective == "classify":
        values = (view.answers == np.unique(view.answers)[:30]).astype(float)
    else:
        values = view.answers.astype(float)
        if view.objective == "regress":
            values = values / np.maximum(values.std(axis=0), 1e-300)
    early, late = values[order[:third]], values[order[-third:]]
    size = np.abs(early.mean(axis=0) - late.mean(axis=0))
    error = np.sqrt((early.var(axis=0) + late.var(axis=0)) / third) + 1e-12
    most = int(np.argmax(size))
    return float(size[most]), float(min((size / error)[most], 999.0))


def _finding(view: View, name: str, drifts: bool, evidence: dict[str, Any]) -> Finding:
    if drifts:
        unit = "standard deviations" if view.objective == "regress" else "in share"
        text = f"the target drifts along {name!r} (by {evidence['drift']:.2f} {unit} from first to last third)"
    else:
        text = f"the rows are in the order of {name!r}"
    text += ", yet the split is random: the test then holds the past, and scores may promise too much"
    return Finding("time_ignored", "warning", text, evidence, f"split by time with --time {name}")
