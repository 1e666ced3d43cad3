"""What the values of a column that is asked for look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from glia.columns._cells import cells
from glia.columns._parse import are_codes, numeric_share, read_numbers
from glia.columns.boolean import Boolean
from glia.columns.date import Date
from glia.core.raw import Raw
from glia.table.answers import FEW, here, words_asked

__all__ = ["Look", "look_at"]


@dataclass(frozen=True)
class Look:
    """What a target's values look like.

    Args:
        kind: What they are.
        count: How many are different.
        here: How many rows have one.
    """

    kind: Literal["boolean", "whole", "number", "text", "date"]
    count: int
    here: int

    @property
    def classes(self) -> bool:
        """Whether they are taken for classes, where nobody says what is asked."""
        return self.kind in ("boolean", "text") or (self.kind == "whole" and self.count <= FEW)

    def __str__(self) -> str:
        values = {"boolean": "truth", "whole": "whole-number", "text": "text"}.get(self.kind, self.kind)
        return f"{self.count} different {values} value{'s' * (self.count != 1)}"


def look_at(raw: Raw) -> Look:
    """Return what the values of a column look like."""
    if raw.values.dtype.kind in "fiu":
        values = raw.values[here(raw)]
        return Look(_whole_or_not(values), len(np.unique(values)), len(values))
    found = words_asked(raw) if raw.values.dtype == object else cells(raw)
    count, known = len(found.words), found.here
    if Boolean.recognize(raw).confidence > 0.5:
        return Look("boolean", count, known)
    if known and Date.recognize(raw).confidence > 0.5:
        return Look("date", count, known)
    least = 0.9 if found is cells(raw) else 1.0
    if not known or numeric_share(found)[0] < least or are_codes(found.words):
        return Look("text", count, known)
    numbers = read_numbers(raw)[0]
    return Look(_whole_or_not(numbers[~np.isnan(numbers)]), count, known)


def _whole_or_not(values: np.ndarray) -> Literal["whole", "number"]:
    return "whole" if (np.isfinite(values) & (values == np.round(values))).all() else "number"
