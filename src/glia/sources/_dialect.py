"""Which dialect a delimited file is written in, decided by what makes a rectangle of it."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["EMPTY", "Dialect", "candidates"]

EMPTY = "\0"
"""Stands for a quoted empty cell while rows are split; files with NUL bytes are refused before."""

_SAMPLE = 1 << 17
# Commas are common inside numbers and prose, so on a draw the rarer mark is the delimiter.
_DELIMITERS = ("\t", "|", ";", "::", ",")


@dataclass(frozen=True)
class Dialect:
    """How rows and cells are told apart.

    Args:
        delimiter: What stands between cells; ``"::"`` is the one of two characters.
        quote: What stands around cells that hold a delimiter; empty where quotes mean nothing.
        escape: What stands before a quote inside quotes, where it is not doubled.
        spaced: Whether spaces after a delimiter belong to it.
        skip: Lines before the table.
        marked: Whether quoted empty cells are replaced by :data:`EMPTY`.
    """

    delimiter: str
    quote: str = '"'
    escape: str = ""
    spaced: bool = False
    skip: int = 0
    marked: bool = False

    @property
    def mark(self) -> str:
        """The delimiter as Python's reader takes it, which is one character."""
        return "\x1f" if len(self.delimiter) > 1 else self.delimiter

    def options(self) -> dict[str, Any]:
        """Return the dialect as the options of ``csv.reader``."""
        return {
            "delimiter": self.mark,
            "quotechar": self.quote or None,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "escapechar": self.escape or None,
            "skipinitialspace": self.spaced,
        }

    def described(self) -> dict[str, str]:
        """Return the dialect for the record."""
        return {"delimiter": self.delimiter + " " * self.spaced, "quote": self.quote, "escape": self.escape}

    def prepared(self, text: str) -> str:
        """Return the text as the reader needs it: without the lines to skip, empty quoted cells marked."""
        if self.skip:
            text = text.split("\n", 1)[1]
        if len(self.delimiter) > 1:
            text = text.replace(self.delimiter, self.mark)
        return self._quoted.sub(self._emptied, text) if self.marked else text

    @cached_property
    def _quoted(self) -> re.Pattern[str]:
        """A quoted cell, found at the beginning of a cell only."""
        quote, mark = re.escape(self.quote), re.escape(self.mark)
        escaped = re.escape(self.escape) + "." if self.escape else "(?!)"
        space = " *" if self.spaced else ""
        inside = rf"(?:[^{quote}{re.escape(self.escape)}]++|{quote}{quote}|{escaped})*+"
        return re.compile(rf"(^|[{mark}\r\n])({space}){quote}({inside}){quote}", re.DOTALL)

    def _emptied(self, cell: re.Match[str]) -> str:
        return cell[0] if cell[3] else f"{cell[1]}{cell[2]}{EMPTY}"


def candidates(text: str, path: Path) -> Iterator[Dialect]:
    """Yield dialects to try, the most likely first; the first that makes a rectangle is the one.

    Args:
        text: The whole text.
        path: The file; its suffix decides only where the text leaves a doubt.
    """
    dialect = Dialect("\t")
    if named := re.match(r"sep=(.)\r?\n", text):  # how Excel says it
        dialect = Dialect(named[1], skip=1)
    else:
        sample = text if len(text) <= _SAMPLE else text[: text.rfind("\n", 0, _SAMPLE) + 1] or text[:_SAMPLE]
        dialect = Dialect(_delimiter(sample, path.name.lower()))
        dialect = replace(dialect, spaced=_spaced(sample, dialect))
        if _single_quoted(sample, dialect):
            dialect = replace(dialect, quote="'")
    if len(dialect.delimiter) > 1:
        yield replace(dialect, quote="")
        return
    yield replace(dialect, marked=dialect.quote * 2 in text)
    if '\\"' in text:
        yield replace(dialect, escape="\\", marked='""' in text)
    if dialect.delimiter == "\t" or dialect.delimiter == " ":
        # Tab-separated text is often written without any quoting.
        yield replace(dialect, quote="")


def _delimiter(sample: str, name: str) -> str:
    own = "\t" if re.search(r"\.(tsv|tab)(\.gz)?$", name) else ","
    best, most = "", 0.0
    for delimiter in _DELIMITERS:
        width, share = _rectangle(sample, Dialect(delimiter, quote="" if len(delimiter) > 1 else '"'))
        if width > 1 and share > most:
            best, most = delimiter, share
    # A first row that has the delimiter of the file's own suffix is a row of several cells, however ragged the rest.
    strict = bool(re.search(r"\.(csv|tsv|tab)(\.gz)?$", name)) and _rectangle(sample, Dialect(own))[0] > 1
    if best and (most >= 0.5 or (strict and best == own)):
        return best
    if strict:
        return own
    width, share = _rectangle(sample, Dialect(" ", spaced=True))
    return " " if width > 2 and share == 1 and sample.strip().count("\n") and "csv" not in name else own


def _rectangle(sample: str, dialect: Dialect) -> tuple[int, float]:
    """Return the width of the first row and the share of rows that have it."""
    if dialect.delimiter not in sample:
        return 1, 0.0
    if len(dialect.delimiter) > 1 and any(quote in sample for quote in dialect.mark):
        return 1, 0.0
    reader = csv.reader(io.StringIO(dialect.prepared(sample), newline=""), **dialect.options())
    widths: list[int] = []
    try:
        widths.extend(len(row) for row in reader if row)
    except csv.Error:
        pass  # what was read so far decides; the error is said, with its line, when all is read
    if not widths:
        return 1, 0.0
    return widths[0], Counter(widths)[widths[0]] / len(widths)


def _spaced(sample: str, dialect: Dialect) -> bool:
    """Return whether every delimiter is followed by a space, as in ``a, b, c``."""
    if dialect.delimiter == " ":
        return True
    mark = re.escape(dialect.delimiter)
    bare = re.sub(r'"[^"]*"', "x", sample)
    return f"{dialect.delimiter} " in bare and not re.search(rf"{mark}(?![ \r\n]|$)", bare)


def _single_quoted(sample: str, dialect: Dialect) -> bool:
    """Return whether single quotes are the quotes: no double ones, and a whole cell in them in nearly every line."""
    if '"' in sample:
        return False
    mark = re.escape(dialect.delimiter)
    lines = [line for line in sample.splitlines() if line]
    cell = re.compile(rf"(?:^|{mark}) *'[^']*' *(?:{mark}|$)")
    return sum(bool(cell.search(line)) for line in lines) >= max(1, 0.9 * (len(lines) - 1))
