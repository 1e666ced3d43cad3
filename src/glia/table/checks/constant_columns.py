"""Columns with a single value, which tell rows apart as little as a blank page."""

from __future__ import annotations

from glia.core.finding import Finding
from glia.core.names import listed
from glia.table.checks._view import View

__all__ = ["check"]


def check(view: View) -> list[Finding]:
    """Find input columns that hold one value, or none, in every row."""
    if len(view) < 2:
        return []
    names = []
    for name in view.inputs:
        codes, _ = view.factors(name)
        if (codes == codes[0]).all():
            names.append(name)
    if not names:
        return []
    have = "column has" if len(names) == 1 else "columns have"
    text = f"{len(names)} {have} the same value in every row: {listed(names)}"
    return [Finding("constant_columns", "note", text, {"columns": names}, "they were left out")]
