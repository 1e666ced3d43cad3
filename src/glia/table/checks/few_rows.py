"""Too few rows to learn from, or to judge by."""

from __future__ import annotations

from glia.core.finding import Finding
from glia.table.checks._view import View

__all__ = ["check"]

_STOP, _WARN = 20, 200


def check(view: View) -> list[Finding]:
    """Find tables with fewer than 20 rows, which end the run, or fewer than 200, which warn."""
    n = len(view)
    if n >= _WARN:
        return []
    evidence = {"rows": n, "needed": _STOP if n < _STOP else _WARN}
    if n < _STOP:
        text = f"the table has {n} rows; with fewer than {_STOP} no part of the split can say anything"
        return [Finding("few_rows", "stop", text, evidence, f"bring at least {_STOP} rows, better {_WARN}")]
    text = f"the table has only {n} rows, so every score has a wide interval"
    return [Finding("few_rows", "warning", text, evidence, "read the intervals, or bring more rows")]
