"""Tables read a piece at a time, for those that are larger than memory: Parquet and delimited text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from glia.core.raw import RawTable

__all__ = ["Chunks", "chunked"]


@dataclass(frozen=True)
class Chunks:
    """A table that can be read in pieces, as often as one likes and the same every time.

    Args:
        path: The file.
        columns: How many columns there are.
        size: About how many bytes of memory all rows together would take as raw columns, copies of parts and codes.
        row: About how many bytes a row would take.
        each: Gives the rows in their order, in pieces of at most so many rows or a little more.
    """

    path: str
    columns: int
    size: int
    row: int
    each: Callable[[int], Iterator[RawTable]]


def chunked(source: Any, names: Sequence[str] | None = None) -> Chunks | None:
    """Return a table that can be read in pieces; ``None`` for every other source, which is read at once.

    Args:
        source: What a person named.
        names: Names of the columns, for a file without a header.

    Raises:
        DataError: The file cannot be read.
    """
    from glia.sources._parquet_chunks import parquet_chunks
    from glia.sources._text_chunks import text_chunks
    from glia.sources.delimited import Delimited
    from glia.sources.parquet import Parquet

    if Parquet.claims(source):
        return parquet_chunks(source, names)
    return text_chunks(source, names) if Delimited.claims(source) else None
