"""Delimited text a piece at a time; what the first piece shows of encoding and dialect must hold to the end."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from glia.core.errors import DataError
from glia.core.raw import Origin, RawTable
from glia.sources import _files, _header, _magic, _values
from glia.sources._chunks import Chunks
from glia.sources._dialect import Dialect
from glia.sources._text import decoded_text
from glia.sources.delimited import _columns, _parsed, _Rows, _split

__all__ = ["text_chunks"]

CELL = 150
"""Bytes of memory that a cell takes as text, in a list, in a column, and in a part of the table."""
_FIRST = 1 << 20
_PACKED = 6  # how many times its size a compressed table may be, when nothing else is known


@dataclass(frozen=True)
class _Form:
    """What the first piece shows of a file.

    Args:
        path: The file.
        encoding: How bytes become text.
        dialect: How rows and cells are told apart.
        labels: The columns.
        lines: Lines before the first row.
        packed: Whether the file is gzip.
        wide: Characters a row, about.
    """

    path: Path
    encoding: str
    dialect: Dialect
    labels: list[str]
    lines: int
    packed: bool
    wide: float


def text_chunks(source: Any, names: Sequence[str] | None) -> Chunks | None:
    """Return delimited text in pieces; ``None`` for a file of one piece, or of one column.

    Raises:
        DataError: The first piece is no rectangle of text.
    """
    path = _files.checked(source)
    if path.stat().st_size <= _FIRST:
        return None
    form = _form(path, names)
    if form is None or len(form.labels) < 2:
        return None
    size = path.stat().st_size * (_PACKED if form.packed else 1)
    row = CELL * len(form.labels)
    origin = Origin(str(source), "delimited", str(path), None, {"encoding": form.encoding, **form.dialect.described()})
    return Chunks(str(path), len(form.labels), int(size / form.wide * row), row, lambda most: _each(form, origin, most))


def _form(path: Path, names: Sequence[str] | None) -> _Form | None:
    """Return what the first piece shows; ``None`` where letters are of two bytes or four."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with _files.opening("text", path, "damaged_gzip" if packed else "cannot_read"), _opened(path, packed) as file:
        data = file.read(_FIRST)
    if _magic.wide(data) or data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:4] == b"\0\0\xfe\xff":
        return None
    text, encoding = decoded_text(data[: data.rfind(b"\n") + 1] or data, path)  # a piece may end inside a letter
    rows = _first_rows(text, path)
    if names is None:
        header, _ = _header.told_apart(rows.cells, path, rows.line)
        labels = _values.named(header, " of the header", path, rows.line)
        before = rows.line + sum(cell.count("\n") for cell in header)
    else:
        labels, before = _values.given_names(names, len(rows.cells[0]), path.name), rows.line - 1
    wide = len(text.encode(encoding)) / max(len(rows.cells), 1)
    encoding = "utf-8-sig" if data.startswith(codecs.BOM_UTF8) else encoding
    return _Form(path, encoding, replace(rows.dialect, skip=0), labels, before, packed, wide)


def _first_rows(text: str, path: Path) -> _Rows:
    """Return the rows of the first piece, whose last lines may lie inside a quoted cell that goes on."""
    try:
        return _split(text, path)
    except DataError as error:
        lines = io.StringIO(text, newline="").readlines()
        for fewer in range(1, min(len(lines) - 1, 32)):
            with suppress(DataError):
                return _split("".join(lines[:-fewer]), path)
        raise error from None


def _opened(path: Path, packed: bool) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(path, "rb") if packed else path.open("rb")


def _each(form: _Form, origin: Origin, most: int) -> Iterator[RawTable]:
    """Yield pieces of about so many rows, cut where a row ends."""
    path, place = form.path, form.lines
    broken = "damaged_gzip" if form.packed else "cannot_read"
    with _files.opening("text", path, broken), _opened(path, form.packed) as file:
        text = io.TextIOWrapper(file, form.encoding, newline="")
        _read(text, form, place, lines=form.lines)
        rest: list[str] = []
        while True:
            found = _read(text, form, place + len(rest), int(most * form.wide) + 1)
            lines = rest + found
            cut = _whole(lines, form.dialect) if found else len(lines)
            rest = lines[cut:]
            if lines[:cut] and "".join(lines[:cut]).strip("\r\n"):
                yield _table(form, origin, lines[:cut], place)
            place += cut
            if not found:
                return


def _read(text: io.TextIOWrapper, form: _Form, place: int, letters: int = 0, lines: int = 0) -> list[str]:
    """Return further lines: so many, or such of about so many letters together."""
    try:
        found = [text.readline() for _ in range(lines)] if lines else text.readlines(letters) if letters else []
    except UnicodeDecodeError as error:
        said = f"the text begins as {form.encoding.upper()}, and after this line it is not"
        remedy = "save the file as UTF-8"
        raise DataError("bad_encoding", said, remedy=remedy, file=form.path, line=place) from error
    for at, line in enumerate(found):
        if "\0" in line:
            remedy = "the file is damaged there: fetch it again or delete it"
            said = "there is a NUL character, which no text holds"
            raise DataError("nul_byte", said, remedy=remedy, file=form.path, line=place + at + 1)
    return found


def _whole(lines: list[str], dialect: Dialect) -> int:
    """Return how many lines hold whole rows: the last row may go on in the next piece."""
    if not dialect.quote or not any(dialect.quote in line for line in lines):
        return len(lines)
    reader = csv.reader(lines, strict=True, **dialect.options())
    done = 0
    try:
        for _ in reader:
            done = reader.line_num
    except csv.Error as error:
        if "unexpected end" not in str(error):  # said, with its line, by whoever splits the rows
            return len(lines)
    return done


def _table(form: _Form, origin: Origin, lines: list[str], before: int) -> RawTable:
    """Return lines as a table; errors name the line of the file."""
    text = "".join(lines)
    quote = form.dialect.quote
    try:
        rows = _parsed(text, replace(form.dialect, marked=bool(quote) and quote * 2 in text), form.path)
    except DataError as error:
        error.line = (error.line or 1) + before
        raise
    width, first = len(form.labels), before + rows.line
    if len(rows.cells[0]) != width:
        text = f"this row has {len(rows.cells[0])} cells, the first {width} (split at {form.dialect.delimiter!r})"
        remedy = "put cells that hold the delimiter in quotes, or complete the row"
        raise DataError("ragged_rows", text, remedy=remedy, file=form.path, line=first)
    if form.labels in rows.cells:
        at = first + rows.cells.index(form.labels)
        text = "this row is the header again, as when files are joined"
        raise DataError("repeated_header", text, remedy="delete it", file=form.path, line=at)
    return _values.table(_columns(form.labels, rows), replace(origin, first_line=first if rows.straight else None))
