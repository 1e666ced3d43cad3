"""duckdb without its freedoms: no network, no other file, nothing that a person typed read as SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from glia.core.errors import DataError
from glia.core.raw import Origin, Raw, RawTable
from glia.sources import _magic, _values

if TYPE_CHECKING:
    import duckdb

__all__ = ["connected", "quoted", "table_of"]

_CLOSED = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


@contextmanager
def connected(database: str = ":memory:", *, closed: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection that can change nothing; ``closed`` ones see no file but their own database.

    Args:
        database: The path of a database, opened for reading only.
        closed: Whether queries are kept from files.
    """
    import duckdb

    memory = database == ":memory:"
    config = {**_CLOSED, "enable_external_access": "false"} if closed else dict(_CLOSED)
    connection = duckdb.connect(database, read_only=not memory, config=config)
    try:
        # A bar of its own for long queries would stand in the middle of what a program reads.
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def quoted(name: str) -> str:
    """Return a name as an SQL identifier.

    Example:
        >>> quoted('a"b')
        '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def table_of(connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[object], origin: Origin) -> RawTable:
    """Return what a query gives, each column cast to one of the raw kinds.

    Args:
        connection: The connection.
        query: A SELECT statement with ``?`` where the values go.
        values: The values of the query.
        origin: Where the table comes from.

    Raises:
        DataError: A column holds lists, blobs or the like.
    """
    found = [(row[0], row[1]) for row in connection.execute(f"DESCRIBE {query}", values).fetchall()]
    labels = _values.named([name for name, _ in found], file=origin.path)
    # Columns get plain names on the way, since results by name fold names that differ in case only.
    casts = [
        _cast(f"c{place}", kind, label, origin)
        for place, (label, (_, kind)) in enumerate(zip(labels, found, strict=True))
    ]
    aliases = ", ".join(f"c{place}" for place in range(len(found)))
    asked = f"SELECT {', '.join(casts)} FROM ({query}\n) AS t({aliases})"  # noqa: S608 - a person's own query
    result = connection.execute(asked, values).fetchnumpy()
    kinds = [_kind(kind) for _, kind in found]
    columns = {label: _raw(result[f"c{at}"], kinds[at], label, origin) for at, label in enumerate(labels)}
    return _values.table(columns, origin)


def _kind(kind: str) -> str:
    """Return which raw kind a type of duckdb becomes; nothing where none fits."""
    if kind.endswith("]"):
        return ""
    if kind.startswith("STRUCT("):
        return "struct" if _ENCODED.fullmatch(kind) else ""
    base = kind.strip('"').split("(")[0]
    return next((raw for raw, bases in _KINDS.items() if base in bases), "")


# How the hub of Hugging Face keeps pictures and sounds: https://huggingface.co/docs/datasets/image_dataset.
_ENCODED = re.compile(r'STRUCT\("?bytes"? BLOB, "?path"? (?:VARCHAR|"NULL")\)')
_KINDS = {
    "BIGINT": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"),
    "DOUBLE": ("UBIGINT", "HUGEINT", "UHUGEINT", "BIGNUM", "FLOAT", "DOUBLE", "DECIMAL"),
    "BOOLEAN": ("BOOLEAN",),
    "VARCHAR": ("VARCHAR", "ENUM", "UUID", "JSON", "TIME", "NULL"),
    "BLOB": ("BLOB",),
    "date": ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"),
}


def _cast(name: str, kind: str, label: str, origin: Origin) -> str:
    raw = _kind(kind)
    if not raw:
        raise _unreadable(kind, label, origin)
    if raw == "struct":
        return f"struct_extract({name}, 'bytes') AS {name}"
    # Moments are carried as microseconds since 1970 in UTC, which needs no time zones of this machine.
    return f"epoch_us({name}) AS {name}" if raw == "date" else f"CAST({name} AS {raw}) AS {name}"


def _raw(values: np.ndarray, kind: str, label: str, origin: Origin) -> Raw:
    present = ~np.ma.getmaskarray(values)
    values = np.ma.getdata(values)
    if kind in ("BLOB", "struct"):
        return _encoded(values, present, label, origin)
    if values.dtype == object:
        return _values.masked(Raw(values, present), present)
    return _values.masked(
        _values.of_array(values.astype("datetime64[us]") if kind == "date" else values, label), present
    )


def _encoded(values: np.ndarray, present: np.ndarray, label: str, origin: Origin) -> Raw:
    """Return pictures or sounds as the bytes of their files; other bytes mean nothing to anybody."""
    made = np.empty(len(values), object)
    made[:] = [bytes(value) if here else b"" for value, here in zip(values.tolist(), present.tolist(), strict=True)]
    if not all(_magic.seems(value[:4096]).endswith(("picture", "sound")) for value in made[present][:100]):
        raise _unreadable("BLOB", label, origin)
    return Raw(made, present)


def _unreadable(kind: str, label: str, origin: Origin) -> DataError:
    return DataError(
        "unreadable_column",
        f"values of type {kind} are neither numbers, text, booleans, dates, pictures nor sounds",
        remedy="leave the column out, or turn it into one of these",
        file=origin.path,
        column=label,
    )
