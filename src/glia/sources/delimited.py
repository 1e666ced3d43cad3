"""Delimited text in any dialect, every cell as text.

Python's own reader splits the rows. duckdb's was tried first (2.0): it drops all rows after an unclosed quote
without a word, refuses files that mix line ends, and names lines only inside its messages.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from glia.core.errors import DataError, UsageError
from glia.core.raw import Origin, Raw, RawTable
from glia.sources import _dialect, _files, _header, _values
from glia.sources._dialect import Dialect
from glia.sources._running import is_running
from glia.sources._text import text_of

__all__ = ["Delimited"]


class Delimited:
    """CSV, TSV and their relatives, plain or gzip, in any dialect and common encoding."""

    @staticmethod
    def claims(source: Any) -> bool:
        """Return whether a path names delimited text, or plain text of no other known kind."""
        return _files.kind(source) in (".csv", ".tsv", ".tab", ".psv") and not is_running(source)

    @staticmethod
    def read(source: Any, names: Sequence[str] | None) -> RawTable:
        """Return every cell as text, exactly as written; an empty unquoted cell is absent.

        Args:
            source: The path.
            names: The columns' names where the file has no header line.

        Raises:
            DataError: The file is no rectangle of text; with the line.
            UsageError: The names do not fit.
        """
        path = _files.checked(source)
        text, encoding = text_of(path)
        if not text.strip("\r\n \t\ufeff"):
            raise _files.empty(path, "the file holds nothing but blanks" if text else "the file is empty")
        rows = _split(text, path)
        if names is None:
            header, cells = _header.told_apart(rows.cells, path, rows.line)
            labels = _values.named(header, " of the header", path, rows.line)
            rows = replace(rows, cells=cells, line=rows.line + 1)
        else:
            labels = _values.given_names(names, len(rows.cells[0]), path.name)
            if [cell.strip() for cell in rows.cells[0]] == labels:
                raise UsageError(
                    "names_in_file",
                    f"the first line of {path.name} holds these names",
                    remedy="leave out the names",
                )
        details = {"encoding": encoding, **rows.dialect.described()}
        origin = Origin(str(source), "delimited", str(path), rows.line if rows.straight else None, details)
        return _values.table(_columns(labels, rows), origin)


@dataclass(frozen=True)
class _Rows:
    """Cells of a file: the line of the first row, and whether row i is in line ``line + i`` throughout."""

    cells: list[list[str]]
    line: int
    straight: bool
    dialect: Dialect


def _split(text: str, path: Path) -> _Rows:
    """Split text by the first dialect that makes a rectangle of it; the first one's error where none does."""
    first: DataError | None = None
    with _long_cells(len(text)):
        for dialect in _dialect.candidates(text, path):
            try:
                return _parsed(text, dialect, path)
            except DataError as error:
                first = first or error
    assert first is not None
    raise first


@contextmanager
def _long_cells(length: int) -> Iterator[None]:
    """Let cells be as long as a text; 131,072 characters are the most that Python's reader takes by itself."""
    before = csv.field_size_limit(max(csv.field_size_limit(), length + 1))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _parsed(text: str, dialect: Dialect, path: Path) -> _Rows:
    reader = _reader(text, dialect)
    found: list[list[str]] = []
    try:
        found.extend(reader)
    except csv.Error:
        raise _unclosed(text, dialect, path, len(found)) from None
    skipped = next(place for place, row in enumerate(found) if row)
    blank = _trailing(found)
    body = found[skipped : len(found) - blank]
    cells = [row for row in body if row]
    width = len(cells[0])
    if width == 1:
        # In a single column a blank line is a row whose one cell is empty.
        cells = [row or [""] for row in body]
    if set(map(len, cells)) != {width}:
        raise _ragged(text, dialect, path, width)
    straight = len(cells) == len(body) and reader.line_num == len(found)
    return _Rows(cells, dialect.skip + skipped + 1, straight, dialect)


def _trailing(rows: list[list[str]]) -> int:
    return next(count for count, row in enumerate(reversed(rows)) if row)


def _reader(text: str, dialect: Dialect) -> Any:
    return csv.reader(io.StringIO(dialect.prepared(text), newline=""), strict=True, **dialect.options())


def _unclosed(text: str, dialect: Dialect, path: Path, rows: int) -> DataError:
    """Return what is wrong with the row after so many sound ones; it may be as long as the file."""
    reader = _reader(text, dialect)
    for _ in islice(reader, rows):
        continue
    said = "a quote opened in this row is not closed rightly"
    remedy = f"close it, and write a quote inside a quoted cell twice ({dialect.quote * 2})"
    return DataError("bad_quotes", said, remedy=remedy, file=path, line=reader.line_num + 1 + dialect.skip)


def _ragged(text: str, dialect: Dialect, path: Path, width: int) -> DataError:
    """Go through the file again and return what is wrong in which line."""
    reader = _reader(text, dialect)
    line = 1 + dialect.skip
    for row in reader:
        if row and len(row) != width:
            break
        line = reader.line_num + 1 + dialect.skip
    return DataError(
        "ragged_rows",
        f"this row has {len(row)} cells, the first {width} (split at {dialect.delimiter!r})",
        remedy="put cells that hold the delimiter in quotes, or complete the row",
        file=path,
        line=line,
    )


def _columns(labels: list[str], rows: _Rows) -> dict[str, Raw]:
    grid = np.empty((len(rows.cells), len(labels)), object)
    if rows.cells:
        grid[:] = rows.cells
    grid = np.ascontiguousarray(grid.T)
    present = (grid != "").astype(bool)
    if rows.dialect.marked:
        grid[grid == _dialect.EMPTY] = ""
    return {label: Raw(grid[place], present[place]) for place, label in enumerate(labels)}
