"""Columns that name the row instead of describing it."""

from __future__ import annotations

import numpy as np

from glia.core.finding import Finding
from glia.core.names import listed
from glia.table.checks._view import View

__all__ = ["check"]

_MANY, _NEARLY_ALL = 50, 0.9


def check(view: View) -> list[Finding]:
    """Find ids that were left out, and columns in use that look like ids: all distinct, or counting rows."""
    left = [name for name in view.inputs if view.kind(name) == "id"]
    suspects = [name for name in view.inputs if _suspect(view, name)] if len(view) >= _MANY else []
    found = []
    if left:
        text = f"{listed(left)} {'names' if len(left) == 1 else 'name'} rows and cannot help with new ones"
        evidence = {"columns": left, "distinct": {name: len(view.factors(name)[1]) for name in left}}
        remedy = "left out; to use one all the same, give its kind with --columns"
        found.append(Finding("id_like", "note", text, evidence, remedy))
    if suspects:
        text = f"{listed(suspects)} {'looks' if len(suspects) == 1 else 'look'} like an id but is in use"
        evidence = {"columns": suspects, "distinct": {name: len(view.factors(name)[1]) for name in suspects}}
        remedy = f"if it only names rows, leave it out with --columns {suspects[0]}=id"
        found.append(Finding("id_like", "note", text, evidence, remedy))
    return found


def _suspect(view: View, name: str) -> bool:
    """Return whether a column in use is a category with hardly any repeats, or numbers that count rows."""
    codes, distinct = view.factors(name)
    if view.kind(name) == "category":
        return len(distinct) > _NEARLY_ALL * max((codes >= 0).sum(), _MANY)
    if view.kind(name) != "number" or len(distinct) < len(view):
        return False
    values = view.numbers(name)
    return values is not None and bool((np.abs(np.diff(values)) == 1).all())
