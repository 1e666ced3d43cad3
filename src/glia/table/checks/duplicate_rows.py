"""Rows that occur more than once."""

from __future__ import annotations

import numpy as np

from glia.core.finding import Finding
from glia.table.checks._view import View

__all__ = ["check"]

_MANY = 0.05


def check(view: View) -> list[Finding]:
    """Find rows equal in all inputs and in the target."""
    keys = view.labelled_keys
    counts = np.bincount(keys) if len(keys) else np.zeros(0, np.int64)
    surplus = len(view) - len(counts)
    if surplus <= 0:
        return []
    share = surplus / len(view)
    repeated = np.flatnonzero(counts[keys] > 1)
    pairs = repeated[np.argsort(keys[repeated], kind="stable")]  # copies side by side
    text = f"{surplus:,} of {len(view):,} rows ({share:.1%}) repeat another row"
    evidence = {
        "count": surplus,
        "share": round(share, 6),
        "largest": int(counts.max()),
        "rows": view.ids(pairs),
    }
    remedy = "copies never lie in different parts of a random split, so they cannot flatter the scores"
    return [Finding("duplicate_rows", "warning" if share >= _MANY else "note", text, evidence, remedy)]
