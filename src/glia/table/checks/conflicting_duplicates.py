"""Equal inputs with different answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from glia.core.finding import Finding, Severity
from glia.table.checks._view import View

__all__ = ["check"]

_SERIOUS = 0.005


def check(view: View) -> list[Finding]:
    """Find rows that agree in every input but not in the target.

    Numbers disagree when they spread over more than a standard deviation of the target.
    """
    n, keys = len(view), view.keys
    if n < 2:
        return []
    clash = _far_apart(view) if view.objective == "regress" else _different(view)
    rows = np.flatnonzero(clash[keys])
    if not len(rows):
        return []
    sizes = np.bincount(keys)[keys[rows]]
    evidence: dict[str, Any] = {
        "count": len(rows),
        "sets": int(clash.sum()),
        # Rows that contradict each other side by side, the smallest sets first.
        "rows": view.ids(rows[np.lexsort((keys[rows], sizes))]),
    }
    text = f"{len(rows):,} of {n:,} rows have the same inputs as another row but a different answer"
    serious = len(rows)
    if view.objective == "classify":
        serious = evidence["wrong_at_least"] = _unavoidable(view)
        text += f"; any model answers at least {serious:,} of these rows wrongly"
    remedy = "look at the rows named: a label may be wrong, or a column that tells them apart may be missing"
    severity: Severity = "warning" if serious >= _SERIOUS * n else "note"
    return [Finding("conflicting_duplicates", severity, text, evidence, remedy)]


def _different(view: View) -> np.ndarray:
    """Return, per set of equal inputs, whether it has several labels."""
    _, first = np.unique(view.labelled_keys, return_index=True)
    return np.bincount(view.keys[first]) > 1


def _far_apart(view: View) -> np.ndarray:
    """Return, per set of equal inputs, whether its numbers spread over more than a standard deviation."""
    order = np.argsort(view.keys, kind="stable")
    _, start = np.unique(view.keys[order], return_index=True)
    answers = view.answers[order]
    spread = np.maximum.reduceat(answers, start) - np.minimum.reduceat(answers, start)
    return (spread > np.std(answers, axis=0)).any(axis=1)


def _unavoidable(view: View) -> int:
    """Return how many rows do not have the most frequent label of their set of equal inputs."""
    labelled, first, counts = np.unique(view.labelled_keys, return_index=True, return_counts=True)
    best = np.zeros(int(view.keys.max()) + 1, np.int64)
    np.maximum.at(best, view.keys[first], counts[labelled])
    return len(view) - int(best.sum())
