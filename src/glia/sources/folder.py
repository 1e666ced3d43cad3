"""Folders: the files below a folder as a table, by how they are laid out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from glia.core.errors import DataError
from glia.core.names import listed
from glia.core.raw import Origin, RawTable
from glia.sources import _files, _values
from glia.sources._found import Found
from glia.sources._tree import FolderTree, Tree, suffix_of

__all__ = ["Folder"]

HOLDS = (
    "a folder read as a table holds a folder of pictures, sounds or texts for each class (perhaps in train, val and "
    "test), pictures with masks or boxes (Pascal VOC, COCO, YOLO), idx files, or CIFAR's binary batches"
)


class Folder:
    """Folders of files: pictures, sounds or texts by class, boxes and masks, idx and CIFAR batches."""

    @staticmethod
    def claims(source: Any) -> bool:
        """Return whether a path is a folder."""
        if not isinstance(source, str | os.PathLike) or not str(source):
            return False
        try:
            return Path(source).is_dir()
        except (OSError, ValueError):
            return False

    @staticmethod
    def read(source: Any, names: Sequence[str] | None) -> RawTable:
        """Return a row for each picture, sound or text.

        Args:
            source: The folder. Folders named train, val and test in it are its parts.
            names: Names of the columns of tables called train, valid and test that have no header; all other
                layouts name their columns.

        Raises:
            DataError: The folder holds nothing that makes a table, or more than one kind of it.
        """
        path = Path(source)
        return table_of(FolderTree(path), Origin(str(source), "folder", str(path)), names)


def table_of(tree: Tree, origin: Origin, names: Sequence[str] | None = None) -> RawTable:
    """Return the table that files make, by the first layout that fits.

    Raises:
        DataError: None fits.
    """
    from glia.sources._parted import parted

    layouts = _layouts() if names is None else (partial(parted, names=names),)
    for layout in layouts:
        found = layout(tree)
        if found is None:
            continue
        table = _values.table(found.columns, origin)
        kept = {"layout": found.layout, **found.details}
        return replace(table, origin=replace(origin, details=kept), part=found.part)
    _files.refuse_names(names, "a folder")
    raise _nothing(tree)


def _layouts() -> tuple[Callable[[Tree], Found | None], ...]:
    from glia.sources import _binaries, _boxes, _classes, _masks, _parted, _texts

    return (
        _binaries.idx,
        _binaries.cifar,
        _boxes.coco,
        _boxes.voc,
        _boxes.yolo,
        _masks.masks,
        _classes.classes,
        _texts.texts,
        _parted.parted,
    )


def _nothing(tree: Tree) -> DataError:
    if not tree.names:
        said = "the folder is empty" if not tree.ignored else f"it holds nothing but {listed(tree.ignored, 3)}"
        return DataError("empty_folder", said, remedy=HOLDS, file=tree.root)
    kinds = sorted({suffix_of(name) or "(none)" for name in tree.names})
    top = [name for name in tree.names if "/" not in name]
    such = f", such as {listed(top, 3)}" if top else ""
    return DataError(
        "is_folder",
        f"no table can be made of this folder, whose files end in {listed(kinds, 6)}",
        remedy=f"name a file in it{such}, or arrange it: {HOLDS}",
        file=tree.root,
    )
