"""Whether the first line of a file names the columns or is a row like the others."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from textwrap import shorten

from glia.core.errors import DataError
from glia.core.names import listed

__all__ = ["told_apart"]

_NUMBER = re.compile(r"\s*[-+]?(?:\d[\d ,_']*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?\s*%?\s*")
_DATE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?\s*")
_CELLS = 200_000


def told_apart(cells: list[list[str]], path: Path, line: int) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows below it.

    Each column votes on whether its first cell is a name or one more value; names must not lose.

    Args:
        cells: All rows of the file.
        path: The file, for messages.
        line: The line of the first row.

    Raises:
        DataError: The first line is data, the header is there twice, or nothing follows it.
    """
    header, rows = cells[0], cells[1:]
    votes = _votes(header, rows)
    if sum(votes) < 0:
        shown = listed([shorten(cell, 40, placeholder=" ...") for cell in header], 4)
        raise DataError(
            "no_header",
            f"the first line ({shown}) looks like data and not like names of columns",
            remedy=f"name all {len(header)} columns with --names a,b,... (in Python: names=[...]); "
            "if the line does hold names, give them a letter in front",
            file=path,
            line=line,
        )
    if not rows:
        remedy = "bring rows" + ", or a text of several lines" * (path.suffix.lower() == ".txt")
        raise DataError("no_rows", "there is a header and no row below it", remedy=remedy, file=path, line=line)
    if header in rows and any(vote > 0 for vote in votes):
        again = rows.index(header) + 1
        raise DataError(
            "repeated_header",
            f"row {again} is the header again, as when files are joined",
            remedy="delete it",
            file=path,
            line=line,
        )
    return header, rows


def _votes(header: list[str], rows: list[list[str]]) -> list[int]:
    if _counted(header):
        return [1]
    if len(header) == 1 and len(header[0].split()) > 5:
        return [-1]  # a sentence, and the file has one a line
    sample = rows[: min(1000, 50 + _CELLS // len(header))]
    return [_vote(cell, [row[place] for row in sample]) for place, cell in enumerate(header)]


def _vote(cell: str, values: list[str]) -> int:
    """Return 1 where a first cell is a name by the look of its column, -1 where it is a value, 0 in doubt."""
    filled = [value for value in values if value]
    if not cell.strip():
        return 0
    number = bool(_NUMBER.fullmatch(cell))
    if number or _DATE.fullmatch(cell):
        pattern = _NUMBER if number else _DATE
        return -1 if _share(pattern, filled) >= 0.9 else 0
    if filled and (_share(_NUMBER, filled) >= 0.9 or _share(_DATE, filled) >= 0.9):
        return 1
    if len(set(filled)) > len(filled) / 2:
        return 0  # free text says nothing: no value of it comes twice
    return -1 if cell in filled else 1


def _share(pattern: re.Pattern[str], values: list[str]) -> float:
    return sum(bool(pattern.fullmatch(value)) for value in values) / len(values) if values else 1.0


def _counted(header: list[str]) -> bool:
    """Return whether numbers in a header are plainly names: 0, 1, 2 ... as frames write them, or years."""
    numbers = [int(cell) for cell in header if cell.strip().isascii() and cell.strip().isdigit()]
    steps = {after - before for before, after in pairwise(numbers)}
    if len(numbers) >= 3 and numbers == list(range(len(numbers))):
        return True
    if not header[0] and numbers == list(range(len(numbers))):
        return True
    years = all(1800 <= number <= 2100 for number in numbers)
    return len(numbers) >= 2 and years and len(steps) == 1 and min(steps) > 0
