"""Columns that are mostly missing."""

from __future__ import annotations

import numpy as np

from glia.core.finding import Finding
from glia.core.names import listed
from glia.table.checks._view import View

__all__ = ["check"]

_MOSTLY = 0.5


def check(view: View) -> list[Finding]:
    """Find input columns with nothing in more than half of the rows; wholly empty ones are constant."""
    shares = {name: float(np.mean(view.factors(name)[0] < 0)) for name in view.inputs if len(view)}
    mostly = {name: round(share, 4) for name, share in shares.items() if _MOSTLY < share < 1}
    if not mostly:
        return []
    have = "column is" if len(mostly) == 1 else "columns are"
    text = f"{len(mostly)} {have} missing in more than half of the rows: {listed(mostly)}"
    remedy = "an indicator tells the network where they are missing; consider leaving them out"
    return [Finding("missing_share", "note", text, {"columns": list(mostly), "share": mostly}, remedy)]
