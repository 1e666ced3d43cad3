"""Numbers and times of series as they are read: what cannot be read is refused by its line, or said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glia.columns._cells import word_of
from glia.columns._parse import read_numbers
from glia.core.errors import DataError
from glia.core.names import listed
from glia.core.raw import RawTable
from glia.table._clock import times_of

__all__ = ["figures", "whens"]


def figures(table: RawTable, names: Sequence[str], asked: Sequence[str] = ()) -> tuple[np.ndarray, list[str]]:
    """Return columns as (N, V) float64, NaN where a number is missing, and what is odd about them.

    Args:
        table: The rows.
        names: The columns.
        asked: Those whose future is asked for: what is there must be a number.

    Raises:
        DataError: A cell of such a column that is neither empty nor a finite number, with its line.
    """
    values, notes, gone = np.full((len(table), len(names)), np.nan), [], {}
    for at, name in enumerate(names):
        found, wrong = read_numbers(table[name])
        odd = np.flatnonzero(wrong | np.isinf(found))
        if len(odd):
            notes.append(_odd(table, name, odd, name in asked))
        values[:, at] = np.where(np.isfinite(found), found, np.nan)
        known = np.flatnonzero(np.isfinite(found))
        inside = int(known[-1]) + 1 - len(known) - int((odd < known[-1]).sum()) if len(known) else 0
        if inside:  # those behind the last one known may be what is asked for
            gone[name] = inside
    if gone:
        said = f"{sum(gone.values()):,} values of {listed(gone, 4)} are missing"
        notes.append(f"{said}; what is seen holds the value before them, and none of them is asked for")
    return values, notes


def _odd(table: RawTable, name: str, rows: np.ndarray, asked: bool) -> str:
    """Return what to say of values that are no finite numbers; refuse them where the future is asked for."""
    row = int(rows[0])
    word, line = word_of(table[name].values[row]), table.origin.line(row)
    if asked:
        place = "" if line is not None else f"row {row + 1}: "
        raise DataError(
            "target_unreadable",
            f"{place}{word[:80]!r} is not a finite number ({len(rows)} such rows)",
            remedy="correct the value, or leave the cell empty where nobody knows it",
            file=table.origin.path or table.origin.name,
            line=line,
            column=name,
        )
    place = f"line {line}" if line is not None else f"row {row + 1}"
    said = f"{len(rows)} of {len(table)} values of {name!r} are no finite numbers, such as {word[:80]!r} in {place}"
    return f"{said}; they count as missing"


def whens(table: RawTable, name: str) -> np.ndarray:
    """Return a column of times, see :func:`glia.table._clock.times_of`.

    Raises:
        DataError: A row has no readable time; with its line.
    """
    try:
        return times_of(table[name], name)
    except DataError as error:
        row = getattr(error, "row", None)
        if row is None:
            raise
        file, line = table.origin.path or table.origin.name, table.origin.line(row)
        raise DataError(error.code, error.text, remedy=error.remedy, file=file, line=line, column=name) from None
