"""Parquet files, through duckdb."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from glia.core.raw import Origin, RawTable
from glia.sources import _duck, _files

__all__ = ["Parquet"]


class Parquet:
    """Parquet files."""

    @staticmethod
    def claims(source: Any) -> bool:
        """Return whether a path names a Parquet file."""
        return _files.kind(source) in (".parquet", ".pq")

    @staticmethod
    def read(source: Any, names: Sequence[str] | None) -> RawTable:
        """Return the columns of the file; moments with a time zone are in UTC.

        Args:
            source: The path.
            names: Not wanted; the file names its columns.

        Raises:
            DataError: The file is damaged or holds columns of lists, blobs and the like.
        """
        _files.refuse_names(names, "a Parquet file")
        path = _files.checked(source)
        # duckdb takes the path for a pattern; in brackets each special character stands for itself.
        literal = re.sub(r"([*?\[])", r"[\1]", str(path.resolve()))
        origin = Origin(str(source), "parquet", str(path))
        with _files.opening("a Parquet file", path), _duck.connected(closed=False) as connection:
            return _duck.table_of(
                connection, "SELECT * FROM read_parquet(?, hive_partitioning = false)", [literal], origin
            )
