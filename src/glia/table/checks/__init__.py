"""Checks of the data before anything is trained; each file holds one and finds one kind of trouble."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from glia.core.finding import Finding
from glia.core.shelf import Shelf
from glia.table.checks._view import View

__all__ = ["View", "audit", "checks"]

checks = Shelf("glia.table.checks")

_ORDER = ("stop", "warning", "note")
_ANSWERS = frozenset({"classify", "multilabel", "regress"})
_OF_INPUTS = ("near_pictures", "odd_pictures")
"""Checks that look at no answer, and suit any question."""


def audit(view: View, accept: Collection[str] = ()) -> list[Finding]:
    """Run every check and return what was found, the severest first.

    Args:
        view: The table and what is known about it.
        accept: Codes of findings that must not end the run; they come back as warnings that say so.

    Example:
        >>> import numpy as np
        >>> from glia.core.raw import Origin, Raw, RawTable
        >>> there = np.ones(40, bool)
        >>> columns = {"x": Raw(np.arange(40) / 7, there), "y": Raw(np.arange(40) % 2, there)}
        >>> table = RawTable(columns, Origin("made", "array"))
        >>> view = View(table, {"x": "number"}, ("y",), np.arange(40) % 2, "classify", ("0", "1"))
        >>> [finding.code for finding in audit(view)]
        ['few_rows']
    """
    fitting = checks.names() if view.objective in _ANSWERS else _OF_INPUTS
    found = [finding for name in fitting for finding in checks.get(name)(view)]
    found = [_accepted(finding) if finding.code in accept else finding for finding in found]
    return sorted(found, key=lambda finding: _ORDER.index(finding.severity))


def _accepted(finding: Finding) -> Finding:
    if finding.severity != "stop":
        return finding
    return replace(finding, severity="warning", remedy=f"accepted on request; otherwise {finding.remedy}")
