"""Python and NumPy values to raw columns: five kinds of values, and a plain refusal of everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from glia.core.errors import DataError, UsageError
from glia.core.names import listed
from glia.core.raw import Origin, Raw, RawTable

__all__ = ["given_names", "is_pictures", "masked", "named", "of_array", "of_values", "table"]

_WHOLE = (-(2**63), 2**63 - 1)


def table(columns: Mapping[str, Raw], origin: Origin) -> RawTable:
    """Return columns as a table that has at least one row, and rows of one length.

    Raises:
        DataError: There are no columns, no rows, or columns of unequal length.
    """
    lengths = {name: len(raw) for name, raw in columns.items()}
    if not columns:
        raise DataError("no_columns", "there are no columns", remedy="bring at least one", file=origin.path)
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name!r} has {length}" for name, length in list(lengths.items())[:4])
        raise DataError("unequal_lengths", f"the columns differ in length: {said}", remedy="make them equal")
    if not max(lengths.values()):
        raise DataError("no_rows", "there are columns but no rows", remedy="bring some rows", file=origin.path)
    return RawTable(columns, origin)


def named(names: Sequence[object], where: str = "", file: object = None, line: int | None = None) -> list[str]:
    """Return column names as distinct text; a column without a name is called after its place, from 1.

    Raises:
        DataError: Two columns share a name.

    Example:
        >>> named(["age", "", 3])
        ['age', 'column_2', '3']
    """
    texts = [str(name).strip() for name in names]
    taken = set(texts)
    texts = [text or _free(f"column_{place}", taken) for place, text in enumerate(texts, 1)]
    if len(set(texts)) == len(texts):
        return texts
    seen: dict[str, int] = {}
    for place, text in enumerate(texts, 1):
        if text in seen:
            raise DataError(
                "duplicate_names",
                f"columns {seen[text]} and {place}{where} are both named {text!r}",
                remedy="rename one of them",
                file=file,
                line=line,
                column=text,
            )
        seen[text] = place
    raise AssertionError("unreachable: some name is taken twice")


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def given_names(names: Sequence[str], width: int, what: str) -> list[str]:
    """Return the names a person gave for a source of some width.

    Raises:
        UsageError: Their number does not fit, or one is given twice.
    """
    names = [str(name).strip() for name in names]
    if len(names) != width:
        raise UsageError(
            "names_mismatch",
            f"{len(names)} names were given ({listed(names, 4)}) and {what} has {width} columns",
            remedy="give one name for each column, in order",
        )
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1] if len(set(names)) < width else []
    if twice or not all(names):
        said = f"{twice[0]!r} is given twice" if twice else "one of them is empty"
        raise UsageError("bad_names", f"among the names {said}", remedy="give each column a name of its own")
    return names


def of_array(values: np.ndarray, column: str) -> Raw:
    """Return a one-dimensional NumPy array, or one of pictures, as a raw column.

    Raises:
        DataError: The values are of a kind that no column reads, such as complex numbers.
    """
    if isinstance(values, np.ma.MaskedArray):
        return masked(of_array(np.ma.getdata(values), column), ~np.ma.getmaskarray(values))
    if is_pictures(values):
        return Raw(values, np.ones(len(values), bool))
    if values.ndim != 1:
        cure = "give pictures as unsigned bytes (N, H, W) or (N, H, W, C): array.astype(numpy.uint8)"
        raise DataError(
            "wrong_shape",
            f"the values are {values.dtype} of shape {values.shape}, and a column has one value a row",
            remedy=cure if values.ndim in (3, 4) else "give one column for each position",
            column=column,
        )
    kind, present = values.dtype.kind, np.ones(len(values), bool)
    if kind == "b":
        return Raw(values, present)
    if kind in "iu":
        if kind == "u" and len(values) and values.max() > _WHOLE[1]:
            return Raw(values.astype(np.float64), present)
        return Raw(values.astype(np.int64), present)
    if kind == "f":
        return Raw(values.astype(np.float64), ~np.isnan(values))
    if kind == "U" or type(values.dtype).__name__ == "StringDType":
        return of_values(values.astype(object).tolist(), column)
    if kind == "M":
        present = ~np.isnat(values)
        return Raw(_microseconds(values, column), present)
    if kind == "O":
        return of_values(values.tolist(), column)
    raise _unreadable(values.dtype, column)


def is_pictures(values: np.ndarray) -> bool:
    """Return whether an array holds pictures: unsigned bytes (N, H, W), or (N, H, W, C) of 1, 3 or 4 channels.

    Example:
        >>> is_pictures(np.zeros((2, 8, 8), np.uint8)), is_pictures(np.zeros((2, 8, 8)))
        (True, False)
    """
    shaped = values.ndim == 3 or (values.ndim == 4 and values.shape[3] in (1, 3, 4))
    return values.dtype == np.uint8 and shaped and 0 not in values.shape[1:]


def masked(raw: Raw, present: np.ndarray) -> Raw:
    """Return a raw column with further values absent, and nothing left of what stood in their place."""
    present = raw.present & present
    if present.all():
        return Raw(raw.values, present)
    blank: Any = {"f": np.nan, "i": 0, "b": False, "M": np.datetime64("NaT"), "O": ""}[raw.values.dtype.kind]
    return Raw(np.where(present, raw.values, blank).astype(raw.values.dtype), present)


def _microseconds(values: np.ndarray, column: str) -> np.ndarray:
    micro = values.astype("datetime64[us]")
    # NumPy wraps around silently outside of microseconds' 290,000 years.
    if not np.array_equal(micro.astype("datetime64[Y]"), values.astype("datetime64[Y]"), equal_nan=True):
        raise DataError("bad_date", "a date lies outside of what can be held", remedy="correct it", column=column)
    return micro


def of_values(values: Sequence[Any], column: str) -> Raw:
    """Return Python values as a raw column: one type stays itself, numbers become one, a mixture is text.

    Args:
        values: N values; ``None``, NaN, ``pandas.NA`` and ``NaT`` are absent.
        column: The column's name, for messages.

    Raises:
        DataError: A value is no scalar, such as a list or raw bytes.

    Example:
        >>> raw = of_values([1, None, 2.5], "age")
        >>> raw.values.dtype, raw.present.tolist()
        (dtype('float64'), [True, False, True])
    """
    kinds = set(map(type, values))
    if kinds <= {str}:
        return Raw(_objects(values), np.ones(len(values), bool))
    plain = [_plain(value, column) for value in values] if kinds - {str, int, float, bool, type(None)} else values
    present = np.fromiter((value is not None and value == value for value in plain), bool, len(plain))
    kinds = {type(value) for value, here in zip(plain, present, strict=True) if here}
    if not kinds:
        return Raw(np.full(len(plain), np.nan), present)
    if kinds == {bool}:
        return Raw(_filled(plain, present, False, bool), present)
    if kinds == {datetime}:
        return Raw(_filled(plain, present, np.datetime64("NaT"), "datetime64[us]"), present)
    if kinds == {int}:
        whole = [value for value, here in zip(plain, present, strict=True) if here]
        if min(whole) >= _WHOLE[0] and max(whole) <= _WHOLE[1]:
            return Raw(_filled(plain, present, 0, np.int64), present)
    if kinds <= {int, float}:
        return Raw(_filled([_float(value) for value in plain], present, np.nan, np.float64), present)
    return Raw(_objects([str(value) if here else "" for value, here in zip(plain, present, strict=True)]), present)


def _float(value: Any) -> Any:
    """Return a number as a float; whole numbers beyond its range are infinite, as 1e999 in a file is."""
    try:
        return None if value is None else float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _plain(value: Any, column: str) -> Any:
    """Return a scalar of another library as one of Python's own."""
    if value is None or isinstance(value, bool | str):
        return str(value) if isinstance(value, str) else value
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else value.astype("datetime64[us]").item()
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        return value.item() if value.dtype.itemsize <= 8 or value.dtype.kind == "U" else float(value)
    if isinstance(value, datetime):
        value = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        # A subclass such as pandas' Timestamp becomes a plain moment.
        return datetime.combine(date(value.year, value.month, value.day), value.time())
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, Decimal):
        return None if value.is_nan() else float(value)
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) else float(value)
    raise _unreadable(type(value).__name__, column)


def _filled(values: Sequence[Any], present: np.ndarray, filler: Any, dtype: Any) -> np.ndarray:
    if present.all():
        return np.array(values, dtype)
    return np.array([value if here else filler for value, here in zip(values, present, strict=True)], dtype)


def _objects(values: Sequence[Any]) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _unreadable(kind: object, column: str) -> DataError:
    return DataError(
        "unreadable_column",
        f"values of type {kind} are neither numbers, text, booleans nor dates",
        remedy="leave the column out, or turn it into one of these",
        column=column,
    )
