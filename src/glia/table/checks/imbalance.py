"""Classes so rare that accuracy says little about them."""

from __future__ import annotations

from typing import Any

import numpy as np

from glia.core.finding import Finding
from glia.table.checks._view import View

__all__ = ["check"]

# A class is rare when it has less than a quarter of its fair share: 1 in 8 of two classes, 1 in 40 of ten.
_FAIR = 0.25


def check(view: View) -> list[Finding]:
    """Find classes, or labels of several, with less than a quarter of their fair share of the rows."""
    if view.objective == "regress" or not len(view):
        return []
    if view.objective == "multilabel":
        return _labels(view)
    k = max(len(view.classes), int(view.answers.max()) + 1)
    counts = np.bincount(view.answers[:, 0].astype(np.int64), minlength=k)
    present = np.flatnonzero(counts)
    rare = present[counts[present] < _FAIR * len(view) / len(present)]
    if len(present) < 2 or not len(rare):
        return []
    names = [view.classes[i] if i < len(view.classes) else str(i) for i in range(k)]
    least = present[np.argmin(counts[present])]
    ratio = counts.max() / counts[least]
    text = (
        f"{counts[least]:,} of {len(view):,} rows are {names[least]!r}, "
        f"1 for every {ratio:,.0f} of the largest class {names[int(np.argmax(counts))]!r}"
    )
    evidence: dict[str, Any] = {
        "counts": {names[i]: int(counts[i]) for i in present[np.argsort(-counts[present])]},
        "rare": [names[i] for i in rare],
        "share": round(float(counts[least] / len(view)), 6),
        "ratio": round(float(ratio), 2),
        "rows": view.ids(view.answers[:, 0] == least),
    }
    return [Finding("imbalance", "warning", text, evidence, _REMEDY)]


_REMEDY = "do not judge by accuracy: look at balanced accuracy, average precision and the table per class"


def _labels(view: View) -> list[Finding]:
    shares = {name: float(np.mean(column > 0)) for name, column in zip(view.targets, view.answers.T)}
    rare = {name: round(share, 6) for name, share in shares.items() if 0 < min(share, 1 - share) < _FAIR / 2}
    if not rare:
        return []
    name = min(rare, key=lambda name: min(rare[name], 1 - rare[name]))
    text = f"{len(rare)} of {len(shares)} labels are nearly always the same; {name!r} is set in {rare[name]:.2%}"
    return [Finding("imbalance", "warning", text, {"rare": list(rare), "share": rare}, _REMEDY)]
