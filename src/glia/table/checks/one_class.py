"""A target that never changes: there is nothing to learn."""

from __future__ import annotations

import numpy as np

from glia.core.finding import Finding, Severity
from glia.table.checks._view import View

__all__ = ["check"]


def check(view: View) -> list[Finding]:
    """Find targets with a single value; the run ends when no target has two."""
    still = [bool((column == column[:1]).all()) for column in view.answers.T]
    if not any(still):
        return []
    names = [name for name, same in zip(view.targets, still) if same]
    value = view.classes[int(view.answers[0, 0])] if view.classes and len(view) else None
    evidence = {"columns": names, "rows": len(view), "value": value, "distinct": 1 if len(view) else 0}
    what = "the same value" if value is None else f"the class {value!r}"
    text = f"every one of the {len(view)} rows has {what} in {', '.join(map(repr, names))}"
    severity: Severity = "stop" if np.all(still) else "warning"
    return [Finding("one_class", severity, text, evidence, "bring rows with another value, or ask another column")]
