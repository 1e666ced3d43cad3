"""Test rows that training has already seen."""

from __future__ import annotations

import numpy as np

from glia.core.finding import Finding, Severity
from glia.table.checks._view import View
from glia.table.duplicates import content_hashes

__all__ = ["check"]


def check(view: View) -> list[Finding]:
    """Find rows of the test source that are exact copies of rows to train on.

    Where rows of the table repeat each other as often, chance alone brings copies, and this is only a note.
    """
    if view.test is None or not len(view.test) or not len(view):
        return []
    wanted = [*(name for name in (*view.inputs, *view.media) if view.kind(name) != "id"), *view.targets]
    names = [name for name in wanted if name in view.test]
    if not set(names) - set(view.targets):
        return []
    known, asked = content_hashes(view.raw, names), content_hashes(view.test, names)
    leaked = np.isin(asked, known)
    if not leaked.any():
        return []
    _, counts = np.unique(known, return_counts=True)
    usual = float(counts[counts > 1].sum() / len(known))
    share = float(leaked.mean())
    text = f"{int(leaked.sum()):,} of {len(asked):,} test rows ({share:.1%}) are copies of rows of the table"
    evidence = {
        "count": int(leaked.sum()),
        "share": round(share, 6),
        "share_within_table": round(usual, 6),
        "columns": names,
        "test_rows": np.flatnonzero(leaked)[:10].tolist(),
    }
    severity: Severity = "warning" if share > 2 * usual else "note"
    return [Finding("test_leak", severity, text, evidence, "take them out of one of the two, or trust scores less")]
