"""Parquet files a piece at a time, by the numbers of their rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from glia.core.errors import DataError
from glia.core.raw import Origin, RawTable
from glia.sources import _duck, _files
from glia.sources._chunks import Chunks

__all__ = ["parquet_chunks"]

# A number lives as 8 bytes raw and once more in its part, as 4 encoded, and for a moment as hashes and as distinct
# values; a text is an object of some 60 bytes and has codes.
NUMBER, TEXT = 40, 150
_PLACE = "file_row_number"
_TABLE = f"read_parquet(?, hive_partitioning = false, {_PLACE} = true)"


def parquet_chunks(source: Any, names: Sequence[str] | None) -> Chunks | None:
    """Return a Parquet file in pieces; ``None`` for one with pictures or sounds, or a column that is in the way.

    Raises:
        DataError: The file is damaged.
    """
    _files.refuse_names(names, "a Parquet file")
    path = _files.checked(source)
    literal = re.sub(r"([*?\[])", r"[\1]", str(path.resolve()))
    with _files.opening("a Parquet file", path), _duck.connected(closed=False) as connection:
        plain = "SELECT * FROM read_parquet(?, hive_partitioning = false)"
        found = connection.execute(f"DESCRIBE {plain}", [literal]).fetchall()
        rows = sum(one[0] for one in connection.execute(_COUNT, [literal]).fetchall())
    kinds = [str(row[1]) for row in found]
    if _PLACE in [row[0] for row in found] or any("BLOB" in kind for kind in kinds):
        return None
    row = sum(TEXT if kind.startswith(("VARCHAR", "ENUM")) else NUMBER for kind in kinds)
    origin = Origin(str(source), "parquet", str(path))

    def each(most: int) -> Iterator[RawTable]:
        with _files.opening("a Parquet file", path), _duck.connected(closed=False) as connection:
            for first in range(0, rows, most):
                last = min(first + most, rows) - 1
                table = _duck.table_of(connection, _PIECE, [literal, first, last], origin)
                if len(table) != last - first + 1:
                    text = f"rows {first + 1} to {last + 1} are {len(table)} rows, not {last - first + 1}"
                    raise DataError("rows_lost", text, remedy="check that the file is whole", file=path)
                yield table

    return Chunks(str(path), len(kinds), rows * row, row, each)


_COUNT = "SELECT num_rows FROM parquet_file_metadata(?)"
_PIECE = f"SELECT * EXCLUDE ({_PLACE}) FROM {_TABLE} WHERE {_PLACE} BETWEEN ? AND ?"  # noqa: S608 - constants
