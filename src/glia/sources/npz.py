"""NumPy's own files, of plain arrays only: an array of Python objects is a pickle and is refused."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from glia.core.errors import DataError
from glia.core.raw import RawTable
from glia.sources import _files, _values
from glia.sources._found import part_of, parts_array
from glia.sources.arrays import Arrays

__all__ = ["Npz"]


class Npz:
    """NumPy files (.npz, .npy): columns by name, or arrays ``X`` and ``y``."""

    @staticmethod
    def claims(source: Any) -> bool:
        """Return whether a path names a NumPy file."""
        return _files.kind(source) in (".npz", ".npy")

    @staticmethod
    def read(source: Any, names: Sequence[str] | None) -> RawTable:
        """Return the arrays as columns.

        Args:
            source: The path; an .npz holds (N,) arrays by name, one (N, F) array, ``X`` and ``y``, or pictures and
                labels, perhaps of each part (``x_train, y_train, x_test, y_test``; ``train_images``, ...).
            names: Names for the columns of an (N, F) array.

        Raises:
            DataError: The file is damaged, holds Python objects, or arrays that make no table.
        """
        path = _files.checked(source)
        with _files.opening("a NumPy file", path):
            found = _loaded(path)
        columns, part = _sets(found, path) or (_arranged(found), None)
        table = Arrays.read(columns, names)
        return replace(table, origin=replace(table.origin, name=str(source), kind="npz", path=str(path)), part=part)


def _loaded(path: Path) -> Any:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > max(_files.FREE_BYTES, _files.MOST_RATIO * path.stat().st_size):
            raise DataError(
                "too_large",
                f"the archive unpacks to {size:,} bytes, as no ordinary table does",
                remedy="unpack it yourself if you trust it",
                file=path,
            )
    try:
        loaded = np.load(path, allow_pickle=False)  # noqa: TID251 - it may not unpickle
        found = loaded if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded.files}
        if isinstance(found, dict) and not all(isinstance(array, np.ndarray) for array in found.values()):
            raise ValueError("a member of the archive is no array")
        return found
    except ValueError as error:
        if not str(error).startswith("Object arrays"):
            raise
        raise DataError(
            "pickled_array",
            "it holds Python objects, which can run any code when they are opened",
            remedy="save plain arrays: numpy.savez(file, name=array.astype(float)), or text as astype(str)",
            file=path,
        ) from error


def _arranged(found: Any) -> Any:
    """Return what the arrays mean: X and y as a pair, a lone grid as itself, else columns by name."""
    if isinstance(found, np.ndarray):
        return found
    lowered = {name.lower(): array for name, array in found.items()}
    if set(lowered) == {"x", "y"} and _values.is_pictures(lowered["x"]):
        return {"image": lowered["x"], "label": _flat(lowered["y"])}
    if set(lowered) == {"x", "y"} and lowered["x"].ndim == 2:
        return lowered["x"], lowered["y"]
    if len(found) == 1 and next(iter(found.values())).ndim == 2:
        return next(iter(found.values()))
    return found


def _sets(found: Any, path: Path) -> tuple[dict[str, np.ndarray], np.ndarray | None] | None:
    """Return pictures and labels of the parts that names of arrays tell; nothing where they tell none."""
    if isinstance(found, np.ndarray):
        return None
    sets: dict[str, dict[str, np.ndarray]] = {}
    for name, array in found.items():
        part = part_of(name.replace("_", " "))
        if not part:
            return None
        what = "image" if _values.is_pictures(array) else "label"
        if what in sets.setdefault(part, {}):
            return None
        sets[part][what] = array if what == "image" else _flat(array)
    if not sets or any(set(one) != {"image", "label"} for one in sets.values()):
        return None
    order = [part for part in ("train", "valid", "test") if part in sets]
    for part in order:
        if len(sets[part]["image"]) != len(sets[part]["label"]):
            said = f"its {part} part has {len(sets[part]['image']):,} pictures and {len(sets[part]['label']):,} labels"
            raise DataError("unequal_lengths", said, remedy="save them again, together", file=path)
    if len({sets[part]["image"].shape[1:] for part in order}) > 1:
        raise DataError("unequal_shapes", "the pictures of its parts differ in size", remedy="make one size", file=path)
    columns = {what: np.concatenate([sets[part][what] for part in order]) for what in ("image", "label")}
    return columns, parts_array([part for part in order for _ in range(len(sets[part]["label"]))])


def _flat(labels: np.ndarray) -> np.ndarray:
    return labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
