"""Columns to a file, whole or not at all."""

from __future__ import annotations

import csv
import errno
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from glia.core.errors import DataError, UsageError
from glia.core.names import listed
from glia.sources import _duck

__all__ = ["write"]


def write(path: str | os.PathLike[str], columns: Mapping[str, np.ndarray]) -> Path:
    """Write columns as CSV, TSV, JSON Lines or Parquet, by the file's suffix.

    The file is written under another name beside its place and moved there when it is complete.

    Args:
        path: The file; an existing one is replaced.
        columns: (N,) arrays by name; ``None``, NaN and NaT are written as nothing.

    Returns:
        The path.

    Raises:
        DataError: The disk is full or the place cannot be written; nothing half-written stays behind.
        UsageError: The suffix names no format.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written = write(f"{folder}/a.csv", {"x": np.array([1.5, np.nan]), "y": np.array(["a", "b"])})
        ...     print(written.read_text())
        x,y
        1.5,a
        ,b
        <BLANKLINE>
    """
    path = Path(path)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise UsageError(
            "unknown_format",
            f"{path.name} names no format to write",
            remedy=f"end it in one of {listed(_WRITERS)}",
        )
    columns = {str(name): np.asarray(values) for name, values in columns.items()}
    try:
        _replace(path, lambda temporary: writer(temporary, columns))
    except Exception as error:
        refusal = _refusal(error, path)
        if refusal is None:
            raise
        raise refusal from error
    return path


def _replace(path: Path, fill: Callable[[Path], None]) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        fill(temporary)
        _settle(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _settle(temporary: Path, path: Path) -> None:
    """Move a finished file to its place so that a crash leaves the old one or the new one, never a part."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    mask = os.umask(0)
    os.umask(mask)
    temporary.chmod(0o666 & ~mask)  # temporary files are made private, and this one is no longer temporary
    temporary.replace(path)
    if os.name == "posix":  # elsewhere folders cannot be opened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _refusal(error: Exception, path: Path) -> DataError | None:
    """Return what to tell a person of an error of disk or place; nothing for a mistake of a program."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    if full or "no space left" in str(error).lower():
        return DataError("disk_full", "the disk is full", remedy="make room or write elsewhere", file=path)
    if isinstance(error, OSError) or type(error).__module__ == "_duckdb":
        said = str(error).splitlines()[0]
        return DataError("cannot_write", f"it cannot be written ({said})", remedy="write elsewhere", file=path)
    return None


def _plain(values: np.ndarray) -> list[Any]:
    """Return values as Python's own, absent ones as ``None``, moments as ISO 8601 text."""
    if values.dtype.kind == "M":
        return [None if text == "NaT" else text for text in np.datetime_as_string(values).tolist()]
    return [None if value != value else value for value in values.tolist()]


def _write_delimited(path: Path, columns: Mapping[str, np.ndarray], delimiter: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        # Before Python 3.13 the writer quotes a carriage return only where it ends lines.
        text = [values for values in columns.values() if values.dtype.kind in "OU"]
        returns = any("\r" in cell for values in text for cell in values if isinstance(cell, str))
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n" if returns else "\n")
        writer.writerow(columns)
        writer.writerows(zip(*map(_plain, columns.values()), strict=True))


def _write_csv(path: Path, columns: Mapping[str, np.ndarray]) -> None:
    _write_delimited(path, columns, ",")


def _write_tsv(path: Path, columns: Mapping[str, np.ndarray]) -> None:
    _write_delimited(path, columns, "\t")


def _write_jsonl(path: Path, columns: Mapping[str, np.ndarray]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in zip(*map(_plain, columns.values()), strict=True):
            file.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n")


def _write_parquet(path: Path, columns: Mapping[str, np.ndarray]) -> None:
    with _duck.connected(closed=False) as connection:
        # duckdb takes no NumPy text of fixed width.
        plain = {
            f"c{at}": values.astype(object) if values.dtype.kind == "U" else values
            for at, values in enumerate(columns.values())
        }
        connection.register("columns", plain)
        wanted = ", ".join(f"c{at} AS {_duck.quoted(name)}" for at, name in enumerate(columns))
        connection.sql(f"SELECT {wanted} FROM columns").write_parquet(str(path))  # noqa: S608 - the names are quoted


_WRITERS: dict[str, Callable[[Path, Mapping[str, np.ndarray]], None]] = {
    ".csv": _write_csv,
    ".tsv": _write_tsv,
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
}
