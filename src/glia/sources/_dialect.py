"""Which dialect a delimited file is written in, decided by what makes a rectangle of it."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["EMPTY", "LINES", "Dialect", "candidates"]

EMPTY = "\0empty"
"""Stands for a quoted empty cell while rows are split; files with NUL bytes are refused before."""

LINES = "\x1f"
"""The unit separator of ASCII, which no text holds, so that each line is one cell."""

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
        alone: Whether there seems to be one column only, and nothing that tells cells apart.
    """

    delimiter: str
    quote: str = '"'
    escape: str = ""
    spaced: bool = False
    skip: int = 0
    marked: bool = False
    alone: bool = False

    @property
    def mark(self) -> str:
        """The delimiter as Python's reader takes it, which is one character."""
        return LINES if len(self.delimiter) > 1 else self.delimiter

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
        delimiter = "" if self.delimiter == LINES else self.delimiter + " " * self.spaced
        return {"delimiter": delimiter, "quote": self.quote, "escape": self.escape}

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
        found = _delimiter(sample, path.name.lower())
        dialect = Dialect(found or ",", alone=not found)
        dialect = replace(dialect, spaced=_spaced(sample, dialect))
        if _single_quoted(sample, dialect):
            dialect = replace(dialect, quote="'")
    if len(dialect.delimiter) > 1:
        yield replace(dialect, quote="")
        return
    yield replace(dialect, marked=dialect.quote * 2 in text)
    if '\\"' in text:
        yield replace(dialect, escape="\\", marked='""' in text)
    if dialect.delimiter in "\t ":
        # Tab-separated text is often written without any quoting.
        yield replace(dialect, quote="")
    if dialect.alone and LINES not in text:
        # Plain lines of text: one column, in which commas and quotes mean nothing.
        yield Dialect(LINES, quote="")


def _delimiter(sample: str, name: str) -> str:
    """Return what most likely stands between cells; nothing where each line seems to be one cell."""
    own = "\t" if re.search(r"\.(tsv|tab)(\.gz)?$", name) else ","
    named = bool(re.search(r"\.(csv|tsv|tab)(\.gz)?$", name))
    best, most = "", 0.0
    for delimiter in _DELIMITERS:
        width, share = _rectangle(sample, Dialect(delimiter, quote="" if len(delimiter) > 1 else '"'))
        if width > 1 and share > most:
            best, most = delimiter, share
    # A first row with the delimiter of the file's suffix has several cells, however ragged the rest is.
    strict = named and _rectangle(sample, Dialect(own))[0] > 1
    if best and (most >= 0.5 or (strict and best == own)):
        return best
    if strict:
        return own
    width, share = _rectangle(sample, Dialect(" ", spaced=True))
    if width > 2 and share == 1 and sample.strip().count("\n") and not named:
        return " "
    return own if named else ""


def _rectangle(sample: str, dialect: Dialect) -> tuple[int, float]:
    """Return the width of the first row and the share of rows that have it."""
    if dialect.delimiter not in sample:
        return 1, 0.0
    if len(dialect.delimiter) > 1 and any(quote in sample for quote in dialect.mark):
        return 1, 0.0
    reader = csv.reader(io.StringIO(dialect.prepared(sample), newline=""), **dialect.options())
    widths: list[int] = []
    # What is read before an error decides; the error itself is said, with its line, when all is read.
    with suppress(csv.Error):
        widths.extend(len(row) for row in reader if row)
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
    """Return whether cells are put in single quotes: one in nearly every line, and no double quotes."""
    if '"' in sample:
        return False
    mark = re.escape(dialect.delimiter)
    lines = [line for line in sample.splitlines() if line]
    cell = re.compile(rf"(?:^|{mark}) *'[^']*' *(?:{mark}|$)")
    return sum(bool(cell.search(line)) for line in lines) >= max(1, 0.9 * (len(lines) - 1))
