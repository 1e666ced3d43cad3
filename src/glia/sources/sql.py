"""Tables of SQLite and duckdb files, whole or by a query, always read-only."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from glia.core.errors import DataError, UsageError
from glia.core.names import did_you_mean, listed
from glia.core.raw import Origin, RawTable
from glia.sources import _duck, _files, _magic, _values
from glia.sources._text import text_of

__all__ = ["Sql"]

_ENGINES = ("sqlite", "duckdb")


class Sql:
    """SQLite and duckdb files: ``file.db``, ``sqlite:///file.db?table=x``, ``duckdb:///file.db?query=...``."""

    @staticmethod
    def claims(source: Any) -> bool:
        """Return whether a source is a database file, an address of one, or a query in a file."""
        if isinstance(source, str) and source.lower().startswith(tuple(f"{engine}://" for engine in _ENGINES)):
            return True
        return _files.kind(source) in (".sqlite", ".sqlite3", ".db", ".db3", ".duckdb", ".ddb", ".sql")

    @staticmethod
    def read(source: Any, names: Sequence[str] | None) -> RawTable:
        """Return a table of a database, or what a query gives.

        Args:
            source: A path, or an address ``ENGINE:///PATH`` with ``?table=NAME``, ``?query=SELECT ...`` or
                ``?query=FILE.sql``; where nothing is asked for, the database's only table.
            names: Not wanted; tables and queries name their columns.

        Raises:
            DataError: The file is no database, or the query fails.
            UsageError: The address is not understood, or leaves open which table is meant.
        """
        _files.refuse_names(names, "a database")
        file, table, query = _parts(source)
        if file.suffix.lower() == ".sql":
            raise UsageError(
                "query_alone",
                f"{file.name} is a query, and the database to ask is not named",
                remedy=f"use duckdb:///FILE.duckdb?query={file.name} or sqlite:///FILE.db?query={file.name}",
            )
        path = _files.checked(file)
        with path.open("rb") as opened:
            engine = _magic.seems(opened.read(64))
        origin = Origin(str(source), "sql", str(path), details={"engine": engine.lstrip(".")})
        if engine == ".sqlite":
            return _from_sqlite(path, table, query, origin)
        if engine == ".duckdb":
            return _from_duckdb(path, table, query, origin)
        raise DataError("damaged_file", "it is no SQLite or duckdb file", remedy=_files.READ, file=path)


def _parts(source: str | os.PathLike[str]) -> tuple[Path, str | None, str | None]:
    """Return path, table and query of an address."""
    text = str(source)
    if "://" not in text:
        return Path(source), None, None
    form = "write ENGINE:///PATH?table=NAME or ENGINE:///PATH?query=SELECT ..., with ENGINE sqlite or duckdb"
    head, _, asked = text.partition("?")
    try:
        address = urlsplit(head)
        # A query is taken as typed, with its plus and equals signs, rather than as a form of the web.
        name, _, value = asked.partition("=")
        asks = {name: unquote(value)} if asked else {}
    except ValueError:
        raise UsageError("bad_address", f"the address {text!r} is not understood", remedy=form) from None
    if address.netloc or not set(asks) <= {"table", "query"} or not all(map(str.strip, asks.values())):
        raise UsageError("bad_address", f"the address {text!r} is not understood", remedy=form)
    path = unquote(address.path)
    # As elsewhere, three slashes begin a path from here and four one from the root.
    path = path.removeprefix("/")
    said = asks.get("query")
    if said is not None and re.fullmatch(r"\S+\.sql", said.strip(), re.IGNORECASE):
        said = text_of(_files.checked(said.strip()))[0]
    return Path(path), asks.get("table"), said


def _only(tables: list[str], wanted: str | None, path: Path) -> str:
    """Return the table to read: the one wanted, or the only one there is."""
    if wanted is not None and wanted in tables:
        return wanted
    if wanted is not None:
        said = f"there is no table {wanted!r}{did_you_mean(wanted, tables)}"
        raise DataError("no_such_table", said, remedy=f"choose one of {listed(tables)}", file=path)
    if len(tables) == 1:
        return tables[0]
    said = f"{path.name} holds {len(tables)} tables: {listed(tables)}" if tables else f"{path.name} holds no table"
    raise UsageError("which_table", said, remedy="name one: sqlite:///FILE?table=NAME (or duckdb:///...)")


def _from_sqlite(path: Path, table: str | None, query: str | None, origin: Origin) -> RawTable:
    address = f"{path.resolve().as_uri()}?mode=ro"
    with _asking(path, query), closing(sqlite3.connect(address, uri=True)) as connection:
        if query is None:
            listing = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
            tables = [row[0] for row in listing if not row[0].startswith("sqlite_")]
            query = f"SELECT * FROM {_duck.quoted(_only(tables, table, path))}"  # noqa: S608 - the name is quoted
        connection.set_authorizer(_reading_only)
        cursor = connection.execute(query)
        if cursor.description is None:
            raise ValueError("it selects nothing")
        found = [field[0] for field in cursor.description]
        rows = cursor.fetchall()
        labels = _values.named(found, file=path)
        values = list(zip(*rows, strict=True)) or [()] * len(labels)
        columns = {label: _values.of_values(column, label) for label, column in zip(labels, values, strict=True)}
        return _values.table(columns, origin)


def _reading_only(action: int, *_: object) -> int:
    """Let a query read and compute; attaching other files, writing and settings are denied."""
    reading = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
    return sqlite3.SQLITE_OK if action in reading else sqlite3.SQLITE_DENY


def _from_duckdb(path: Path, table: str | None, query: str | None, origin: Origin) -> RawTable:
    with _asking(path, query), _duck.connected(str(path.resolve())) as connection:
        if query is None:
            listing = "SELECT table_schema, table_name FROM information_schema.tables"
            known = {
                name if schema == "main" else f"{schema}.{name}": (schema, name)
                for schema, name in connection.execute(listing).fetchall()
            }
            schema, name = known[_only(list(known), table, path)]
            query = f"SELECT * FROM {_duck.quoted(schema)}.{_duck.quoted(name)}"  # noqa: S608 - the names are quoted
        return _duck.table_of(connection, query.strip().rstrip(";"), [], origin)


def _asking(path: Path, query: str | None) -> Any:
    """Say that the query failed where there is one, else that the file is damaged."""
    return _files.opening(
        "a database" if query is None else "an answer to the query",
        path,
        "damaged_file" if query is None else "bad_query",
    )
