"""Listings: a column of text that names pictures or sounds beside the listing becomes a column of paths."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np

from glia.core.errors import DataError
from glia.core.raw import Raw, RawTable
from glia.sources._found import PICTURES, SOUNDS

__all__ = ["resolved"]

_LISTINGS = ("delimited", "jsonl", "parquet")
_FIRST = 20
_MOST = 0.9  # of the values that end as files do; the others are then mistakes


def resolved(table: RawTable) -> RawTable:
    """Return a table whose columns of names of files are columns of paths.

    A column is one where nearly every value ends as a picture or a sound does and at least one names a file relative
    to the folder of the listing. A value that names no file stays a path, and whoever opens it says so.

    Args:
        table: As a file was read.

    Raises:
        DataError: A value leads out of the listing's folder, or is no name of such a file; with its line.
    """
    if table.origin.kind not in _LISTINGS or table.origin.path is None:
        return table
    folder = Path(table.origin.path).parent
    changed = {}
    for name, raw in table.columns.items():
        if _names_files(raw):
            paths = _paths(raw, folder, table, name)
            if paths is not None:
                _refuse_others(raw, table, name)
                changed[name] = paths
    return replace(table, columns={**table.columns, **changed}) if changed else table


def _names_files(raw: Raw) -> bool:
    if raw.values.dtype != object or not raw.present.any():
        return False
    here = raw.values[raw.present]
    if not any(map(_ends, here[:_FIRST].tolist())):
        return False  # what most columns of text are told by
    return sum(map(_ends, here.tolist())) >= _MOST * len(here)


def _refuse_others(raw: Raw, table: RawTable, name: str) -> None:
    """Refuse a value that is no name of a picture or sound in a column of such names."""
    for row in np.flatnonzero(raw.present).tolist():
        if not _ends(raw.values[row]):
            said = f"{str(raw.values[row])[:80]!r} does not end as a picture or sound does, as the others do"
            raise DataError(
                "not_a_file",
                said,
                remedy="correct it, or leave the cell empty",
                file=table.origin.path,
                line=table.origin.line(row),
                column=name,
            )


def _ends(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower().endswith((*PICTURES, *SOUNDS))


def _paths(raw: Raw, folder: Path, table: RawTable, name: str) -> Raw | None:
    """Return the paths that names stand for; nothing where none of them is a file."""
    base = os.path.realpath(folder)
    values = np.empty(len(raw), object)
    values[:] = ""
    exist = False
    for row in np.flatnonzero(raw.present).tolist():
        path = folder / _plain(raw.values[row])
        try:
            real = os.path.realpath(path)
            exist = exist or Path(real).is_file()
        except (OSError, ValueError):
            return None
        if not Path(real).is_relative_to(base):
            if not Path(real).exists() and not exist:
                return None
            raise DataError(
                "path_outside",
                f"{raw.values[row]!r} leads out of the folder of the listing",
                remedy="put listing and files into one folder, and name them from there",
                file=table.origin.path,
                line=table.origin.line(row),
                column=name,
            )
        values[row] = path
    return Raw(values, raw.present) if exist else None


def _plain(value: str) -> str:
    """Return a name as a path of this machine: of an address of a file its path, strokes all forward."""
    value = value.strip()
    if value.lower().startswith("file://"):
        value = unquote(urlsplit(value).path)
    return value.replace("\\", "/") if os.sep == "/" else value
