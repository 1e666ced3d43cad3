"""Folders of tables or archives that are called train, valid and test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from glia.core.errors import DataError
from glia.core.raw import Raw, RawTable
from glia.sources._found import Found, part_of, parts_array
from glia.sources._tree import FolderTree, Tree, suffix_of

__all__ = ["parted"]

_TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet", ".arrow", ".npz", ".zip", ".tar", ".tgz")
_ORDER = ("train", "valid", "test")
_STEP = re.compile(r"\D{0,8}\d+")
_FEWEST_STEPS = 8


def parted(tree: Tree, names: Sequence[str] | None = None) -> Found | None:
    """Return the rows of all files, each of the part that its name says; they must have the same columns.

    Where each row is a series and each numbered column a step of it, test rows may have fewer steps than training
    rows: cells that are not there are empty.

    Args:
        tree: The files.
        names: Names of the columns, where the files have no header.
    """
    from glia.sources import read

    files = [name for name in tree.names if "/" not in name and suffix_of(name) in _TABLES]
    if len(files) < 2 or len(files) > 3 or not isinstance(tree, FolderTree) or len(files) < len(tree.names):
        return None
    named = {part_of(PurePosixPath(name).name): name for name in files}
    if "" in named or len(named) < len(files):
        return None
    tables = {part: read(tree.root / named[part], names=names) for part in _ORDER if part in named}
    first = next(iter(tables.values()))
    for part, table in tables.items():
        if list(table) != list(first) and not _shorter(list(table), list(first)):
            said = f"its columns are not those of {named[next(iter(tables))]}"
            remedy = "name one of the files, and the other with --test"
            raise DataError("unlike_parts", said, remedy=remedy, file=tree.where(named[part]))
    columns = {name: _joined([_column(table, name, first[name]) for table in tables.values()]) for name in first}
    parts = parts_array([part for part, table in tables.items() for _ in range(len(table))])
    return Found(columns, "files of parts", parts, {"files": list(named.values())})


def _shorter(names: list[str], longest: list[str]) -> bool:
    """Return whether a table holds the first of many numbered steps, and another one more of them."""
    more = longest[len(names) :]
    steps = [name for name in names if _STEP.fullmatch(name)]
    return names == longest[: len(names)] and len(steps) >= _FEWEST_STEPS and all(map(_STEP.fullmatch, more))


def _column(table: RawTable, name: str, like: Raw) -> Raw:
    """Return a column, empty where the table does not have it."""
    if name in table:
        return table[name]
    nothing = "" if like.values.dtype == object else np.zeros(1, like.values.dtype)
    return Raw(np.full(len(table), nothing, like.values.dtype), np.zeros(len(table), bool))


def _joined(parts: list[Raw]) -> Raw:
    """Return columns one below the other; where they are of two types, as text."""
    values = [raw.values for raw in parts]
    if len({one.dtype for one in values}) > 1:
        values = [one.astype(object) for one in values]
    return Raw(np.concatenate(values), np.concatenate([raw.present for raw in parts]))
