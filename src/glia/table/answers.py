"""What counts as an answer: which rows have one, which of them can be read, and where one stands that cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from glia.columns._cells import Cells, cells
from glia.columns._parse import numeric_share
from glia.columns._refuse import RowError
from glia.core.errors import DataError
from glia.core.parts import Column
from glia.core.raw import Raw, RawTable

__all__ = ["FEW", "answered", "check_targets", "here", "holds_text", "placed", "placing", "words_asked"]

FEW = 20
"""Whole numbers with at most so many values are taken for classes."""


def answered(raw: RawTable, targets: Sequence[str]) -> np.ndarray:
    """Return which rows have a value in every target, as (N,) bool.

    In a column of labels only what can be no label counts as missing: "none" and "-" may be answers there.

    Example:
        >>> from glia.core.raw import Origin
        >>> rows = Raw(np.array(["+", "-", "NA"], dtype=object), np.ones(3, bool))
        >>> answered(RawTable({"sign": rows}, Origin("made", "array")), ["sign"]).tolist()
        [True, True, False]
    """
    known = np.ones(len(raw), bool)
    for name in targets:
        known &= here(raw[name])
    return known


def check_targets(raw: RawTable, asked: Mapping[str, Column], *, learn: bool = False) -> None:
    """Refuse answers that cannot be read or were never seen, naming the line.

    Args:
        raw: The whole table as it was read; rows without an answer are passed over.
        asked: Target columns by name.
        learn: Whether the columns have learned nothing yet and take these rows to do so.

    Raises:
        DataError: An answer cannot be read.
    """
    rows = np.flatnonzero(answered(raw, list(asked)))
    for name, column in asked.items():
        with placing(raw, rows):
            (column.learn if learn else column.encode)(raw[name].take(rows))


@contextmanager
def placing(raw: RawTable, rows: np.ndarray | None = None) -> Iterator[None]:
    """Let refusals of cells name the file and line that they came from.

    Args:
        raw: The table.
        rows: (N,) the rows of the table that the cells are of; ``None`` = all.

    Raises:
        DataError: In place of a cell's own refusal.
    """
    try:
        yield
    except RowError as error:
        raise placed(error, raw, error.row if rows is None else int(rows[error.row])) from None


def placed(error: RowError, raw: RawTable, row: int) -> DataError:
    """Return a cell's refusal with the file and line it came from, or the row where lines are not known."""
    line = raw.origin.line(row)
    text = error.text if line is not None or error.file else f"row {row + 1}: {error.text}"
    file = error.file or raw.origin.path or raw.origin.name
    return DataError(error.code, text, remedy=error.remedy, file=file, line=line, column=error.column)


def here(raw: Raw) -> np.ndarray:
    """Return which rows have an answer, (N,) bool."""
    if raw.values.ndim > 1 or (raw.values.dtype == object and not holds_text(raw)):
        return raw.present
    if raw.values.dtype == object:
        return words_asked(raw).codes >= 0
    return raw.present & (raw.values == raw.values)


def words_asked(raw: Raw) -> Cells:
    """Return a text target's words: "-" and its like are missing among many numbers, and labels otherwise."""
    found = cells(raw)
    many = len(found.words) > FEW and numeric_share(found)[0] >= 0.9
    return found if many else cells(raw, strict=True)


def holds_text(raw: Raw) -> bool:
    """Return whether the first value that is there is a text."""
    first = raw.values[raw.present][:1]
    return not len(first) or isinstance(first[0], str)
