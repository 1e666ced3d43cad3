"""Equal inputs with different answers."""

from __future__ import annotations

import numpy as np

from glia.core.finding import Finding
from glia.table.checks._view import View

__all__ = ["check"]

_SERIOUS = 0.005


def check(view: View) -> list[Finding]:
    """Find rows that agree in every input but not in the target; numbers differ from one standard deviation on."""
    n, keys = len(view), view.keys
    if n < 2:
        return []
    clash = _far_apart(view) if view.objective == "regress" else _different(view)
    rows = np.flatnonzero(clash[keys])
    if not len(rows):
        return []
    share = len(rows) / n
    pairs = rows[np.argsort(keys[rows], kind="stable")]  # rows that contradict each other side by side
    text = f"{len(rows):,} of {n:,} rows ({share:.1%}) have the same inputs as another row but a different answer"
    evidence = {"count": len(rows), "share": round(share, 6), "sets": int(clash.sum()), "rows": view.ids(pairs)}
    if view.objective == "classify":
        evidence["best_accuracy"] = round(_ceiling(view), 6)
        text += f"; no model can be right in more than {evidence['best_accuracy']:.2%} of these rows"
    remedy = "look at the rows named: a label may be wrong, or a column that tells them apart may be missing"
    return [Finding("conflicting_duplicates", "warning" if share >= _SERIOUS else "note", text, evidence, remedy)]


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


def _ceiling(view: View) -> float:
    """Return the accuracy of the most frequent label of each set of equal inputs."""
    labelled, first = np.unique(view.labelled_keys, return_index=True)
    counts = np.bincount(view.labelled_keys)[labelled]
    best = np.zeros(int(view.keys.max()) + 1)
    np.maximum.at(best, view.keys[first], counts)
    return float(best.sum() / len(view))
