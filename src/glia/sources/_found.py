"""What a layout of files gives, and the words that name parts of a data set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from glia.core.raw import Raw
from glia.sources._tree import Tree, suffix_of

__all__ = ["PICTURES", "SOUNDS", "Found", "column", "data_files", "part_of", "parts_array", "pictures", "sounds"]

PICTURES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".pgm", ".ppm")
SOUNDS = (".wav", ".flac")
_PARTS = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "valid": "valid",
    "validation": "valid",
    "val": "valid",
    "dev": "valid",
    "test": "test",
    "testing": "test",
    "t10k": "test",
}


@dataclass(frozen=True)
class Found:
    """The columns of a layout.

    Args:
        columns: Raw columns by name.
        layout: What kind of layout it is, for the record.
        part: (N,) parts, where the layout has them.
        details: What else was found out.
    """

    columns: Mapping[str, Raw]
    layout: str
    part: np.ndarray | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def part_of(name: str) -> str:
    """Return the part of a data set that a name says: ``"train"``, ``"valid"``, ``"test"`` or nothing.

    Years and the like do not count, and one such word may stand among others.

    Example:
        >>> part_of("val2017"), part_of("t10k"), part_of("instances_train2017"), part_of("cats")
        ('valid', 'test', 'train', '')
    """
    words = re.findall(r"t10k|[a-z]+", name.lower())
    found = {_PARTS[word] for word in words if word in _PARTS}
    return found.pop() if len(found) == 1 else ""


def parts_array(parts: Sequence[str]) -> np.ndarray | None:
    """Return parts as an array; nothing where some row has none, or there are not training rows and others."""
    known = set(parts)
    return np.array(parts) if "train" in known and len(known) > 1 and "" not in known else None


def column(values: Iterable[Any]) -> Raw:
    """Return Python values, such as paths, as a raw column in which every row is there."""
    kept = list(values)
    array = np.empty(len(kept), object)
    array[:] = kept
    return Raw(array, np.ones(len(kept), bool))


def pictures(tree: Tree) -> list[str]:
    """Return the names of the pictures."""
    return [name for name in tree.names if suffix_of(name) in PICTURES]


def sounds(tree: Tree) -> list[str]:
    """Return the names of the sounds."""
    return [name for name in tree.names if suffix_of(name) in SOUNDS]


def data_files(tree: Tree, *suffixes: str) -> dict[str, str]:
    """Return the names of files of some kinds by stem, without folders and suffix; the first of each stem."""
    found: dict[str, str] = {}
    for name in tree.names:
        if suffix_of(name) in suffixes:
            found.setdefault(PurePosixPath(name).stem, name)
    return found
