"""NumPy arrays and plain Python columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from glia.core.errors import DataError
from glia.core.raw import Origin, Raw, RawTable
from glia.sources import _files, _values

__all__ = ["Arrays"]


class Arrays:
    """A two-dimensional array, a dict of columns, or an ``(X, y)`` tuple."""

    @staticmethod
    def claims(source: Any) -> bool:
        """Return whether a source is an array, a dict of columns or a tuple of two arrays."""
        pair = isinstance(source, tuple) and len(source) == 2 and not any(isinstance(part, str) for part in source)
        return isinstance(source, np.ndarray | dict) or pair

    @staticmethod
    def read(source: Any, names: Sequence[str] | None) -> RawTable:
        """Return columns ``x0, x1, ...`` and ``target``, or those a dict names.

        Args:
            source: (N, F) array; dict of (N,) arrays; or a tuple of (N, F) and (N,) or (N, T) arrays.
            names: Names for the columns, the target's last.

        Raises:
            DataError: The shapes make no table.
        """
        if isinstance(source, dict):
            _files.refuse_names(names, "a dict")
            return _values.table(of_mapping(source), Origin("a dict of columns", "arrays"))
        if isinstance(source, np.ndarray) and source.dtype.names:
            _files.refuse_names(names, "a structured array")
            fields = {name: source[name] for name in source.dtype.names}
            return _values.table(of_mapping(fields), Origin("a NumPy array", "arrays"))
        if isinstance(source, tuple):
            columns = of_pair(*source)
            said = "a pair of arrays"
        else:
            columns = of_grid(source, "x")
            said = "a NumPy array"
        if names is not None:
            given = _values.given_names(names, len(columns), said)
            columns = dict(zip(given, columns.values(), strict=True))
        return _values.table(columns, Origin(said, "arrays"))


def of_mapping(columns: Mapping[Any, Any]) -> dict[str, Raw]:
    """Return named columns as raw columns; each is an array or a sequence of values."""
    labels = _values.named(list(columns), " of the dict")
    found = {}
    for label, values in zip(labels, columns.values(), strict=True):
        if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__len__"):
            raise DataError(
                "wrong_shape",
                f"a {type(values).__name__} is no column of values",
                remedy="give a list or array with one value a row",
                column=label,
            )
        if isinstance(values, list | tuple):
            found[label] = _values.of_values(values, label)
        else:
            found[label] = _values.of_array(_array(values), label)
    return found


def of_pair(inputs: Any, target: Any) -> dict[str, Raw]:
    """Return inputs and target as raw columns; a frame's columns keep their names."""
    from glia.sources.frames import Frames

    if Frames.claims(inputs):
        columns = dict(Frames.read(inputs, None).columns)
    else:
        given = _array(inputs)
        columns = {"image": _values.of_array(given, "image")} if given.ndim in (3, 4) else of_grid(given, "x")
    asked = _array(target)
    if asked.ndim == 1:
        asked = asked[:, None]
    targets = of_grid(asked, "target")
    if len(targets) == 1:
        targets = {"target": targets["target0"]}
    if both := sorted(set(columns) & set(targets)):
        raise DataError(
            "duplicate_names",
            f"the inputs hold a column {both[0]!r} already",
            remedy="rename it",
            column=both[0],
        )
    return columns | targets


def of_grid(values: np.ndarray, prefix: str) -> dict[str, Raw]:
    """Return the columns of an (N, F) array, named by prefix and position."""
    if values.ndim != 2:
        cure = ".reshape(-1, 1) makes a column of it" if values.ndim == 1 else "give one column for each position"
        raise DataError("wrong_shape", f"an array of shape {values.shape} is no table of rows and columns", remedy=cure)
    columns = {f"{prefix}{place}": values[:, place] for place in range(values.shape[1])}
    return {name: _values.of_array(column, name) for name, column in columns.items()}


def _array(values: Any) -> np.ndarray:
    if isinstance(values, np.ndarray):
        return values
    with _files.opening("an array", code="wrong_shape"):
        array = np.asarray(values)
        # Python lists that mix types would all become text, digits included.
        return np.asarray(values, dtype=object) if array.dtype.kind in "US" and isinstance(values, list) else array
