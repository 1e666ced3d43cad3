"""Folders of tables or archives that are called train, valid and test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from glia.core.errors import DataError
from glia.core.raw import Raw
from glia.sources._found import Found, part_of, parts_array
from glia.sources._tree import FolderTree, Tree, suffix_of

__all__ = ["parted"]

_TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet", ".arrow", ".npz", ".zip", ".tar", ".tgz")
_ORDER = ("train", "valid", "test")


def parted(tree: Tree, names: Sequence[str] | None = None) -> Found | None:
    """Return the rows of all files, each of the part that its name says; they must have the same columns.

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
        if list(table) != list(first):
            said = f"its columns are not those of {named[next(iter(tables))]}"
            remedy = "name one of the files, and the other with --test"
            raise DataError("unlike_parts", said, remedy=remedy, file=tree.where(named[part]))
    columns = {name: _joined([table[name] for table in tables.values()]) for name in first}
    parts = parts_array([part for part, table in tables.items() for _ in range(len(table))])
    return Found(columns, "files of parts", parts, {"files": list(named.values())})


def _joined(parts: list[Raw]) -> Raw:
    """Return columns one below the other; where they are of two types, as text."""
    values = [raw.values for raw in parts]
    if len({one.dtype for one in values}) > 1:
        values = [one.astype(object) for one in values]
    return Raw(np.concatenate(values), np.concatenate([raw.present for raw in parts]))
