"""Refusals that know the row, and what columns say about later rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from glia.columns._cells import word_of
from glia.core.errors import DataError
from glia.core.finding import Finding
from glia.core.names import did_you_mean, listed
from glia.core.raw import Raw

__all__ = ["RowError", "missing_target", "newly_missing", "unreadable", "unseen_label"]


class RowError(DataError):
    """A cell that cannot be read; it knows the row, so that whoever knows the file can name the line.

    Args:
        row: The row at fault, counted from 0 in the values given.
    """

    def __init__(self, code: str, text: str, *, row: int = 0, **place: Any) -> None:
        self.row = row
        super().__init__(code, text, **place)


def missing_target(name: str, gone: np.ndarray) -> None:
    """Refuse targets that are not there; (N,) bool."""
    if gone.any():
        raise RowError(
            "target_missing",
            f"there is no value here ({int(gone.sum())} rows lack one)",
            remedy="leave out rows whose answer is unknown",
            column=name,
            row=int(gone.argmax()),
        )


def unseen_label(name: str, label: str, classes: Sequence[str], row: int) -> RowError:
    """Return the refusal of a label that no training row had."""
    return RowError(
        "unseen_label",
        f"the label {label!r} was never seen in training{did_you_mean(label, classes)}",
        remedy=f"correct it or leave such rows out; the labels are {listed(classes)}",
        column=name,
        row=row,
    )


def unreadable(name: str, wanted: str, wrong: np.ndarray, raw: Raw, then: str) -> list[Finding]:
    """Return a finding for values that are not what the column learned; more than half of them is a stop.

    Args:
        name: The column.
        wanted: What was learned, such as ``"a number"``.
        wrong: (N,) bool, where a value is something else.
        raw: The values.
        then: What happens to them, such as ``"they count as missing"``.
    """
    if not wrong.any():
        return []
    row, count = int(wrong.argmax()), int(wrong.sum())
    here = max(int(raw.present.sum()), count)
    stop = count > 0.5 * here
    return [
        Finding(
            "wrong_type" if stop else "unreadable_values",
            "stop" if stop else "note",
            f"{count} of {here} values of {name!r} are not {wanted}, such as {word_of(raw.values[row])!r}",
            {"column": name, "row": row, "count": count, "value": word_of(raw.values[row])},
            f"every such value was {wanted} in training; bring them in that form" if stop else then,
        )
    ]


def newly_missing(name: str, gone: np.ndarray) -> list[Finding]:
    """Return a note where values are missing in a column that was always filled in training; (N,) bool."""
    if not gone.any():
        return []
    return [
        Finding(
            "newly_missing",
            "note",
            f"{int(gone.sum())} values of {name!r} are missing, which never happened in training",
            {"column": name, "row": int(gone.argmax()), "count": int(gone.sum())},
            "they count as typical values",
        )
    ]
