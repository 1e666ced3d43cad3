"""Frames of other libraries, through narwhals: a library is touched only if the person has it already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from glia.core.errors import DataError
from glia.core.raw import Origin, Raw, RawTable
from glia.sources import _files, _values

__all__ = ["Frames"]


class Frames:
    """pandas, polars and pyarrow tables, and what else narwhals knows."""

    @staticmethod
    def claims(source: Any) -> bool:
        """Return whether a source is a frame, eager or lazy."""
        if isinstance(source, str | bytes | dict | list | tuple | np.ndarray) or hasattr(source, "__fspath__"):
            return False
        from narwhals import dependencies

        return dependencies.is_into_dataframe(source) or dependencies.is_into_lazyframe(source)

    @staticmethod
    def read(source: Any, names: Sequence[str] | None) -> RawTable:
        """Return the columns of a frame; moments with a time zone are in UTC, an index is left out.

        Args:
            source: The frame; a lazy one is computed.
            names: Not wanted; a frame names its columns.

        Raises:
            DataError: A column holds lists, raw bytes or the like.
        """
        import narwhals as nw

        _files.refuse_names(names, "a frame")
        library = type(source).__module__.split(".")[0]
        name = f"a {library} frame"
        own = getattr(source, "columns", None) if library == "pandas" else None
        if own is not None:
            # pandas allows any object as a name and a name twice; narwhals takes neither.
            labels = _values.named(list(own), " of the frame")
            source = source.set_axis(labels, axis=1)
        with _files.opening(name, code="bad_frame"):
            frame = nw.from_native(source)
            eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
            labels = _values.named(eager.columns, " of the frame")
            columns = {label: _raw(series, label) for label, series in zip(labels, eager.iter_columns(), strict=True)}
        return _values.table(columns, Origin(name, "frames"))


def _raw(series: Any, label: str) -> Raw:
    import narwhals as nw

    dtype = series.dtype
    if dtype == nw.Object or dtype == nw.Unknown:
        return _values.of_values(series.to_list(), label)
    present = ~series.is_null().to_numpy().astype(bool)
    if dtype.is_integer():
        filled = series.fill_null(0) if not present.all() else series
        raw = _whole(filled, label)
    elif dtype.is_float() or dtype.is_decimal():
        raw = _values.of_array(np.asarray(series.cast(nw.Float64).to_numpy(), np.float64), label)
    elif dtype == nw.Boolean:
        raw = Raw((series.fill_null(False) if not present.all() else series).to_numpy().astype(bool), present)
    elif dtype in (nw.String, nw.Categorical, nw.Enum):
        return _texts(series.to_list(), present)
    elif dtype == nw.Date:
        return _values.of_values(series.to_list(), label)
    elif dtype == nw.Datetime:
        raw = _moments(series, label)
    else:
        raise DataError(
            "unreadable_column",
            f"values of type {dtype} are neither numbers, text, booleans nor dates",
            remedy="leave the column out, or turn it into one of these (a duration into its seconds)",
            column=label,
        )
    return _values.masked(raw, present)


def _whole(series: Any, label: str) -> Raw:
    values = series.to_numpy()
    if values.dtype == object:
        return _values.of_values([int(value) for value in values], label)
    return _values.of_array(values, label)


def _texts(values: list[Any], present: np.ndarray) -> Raw:
    texts = np.empty(len(values), object)
    texts[:] = [str(value) if here else "" for value, here in zip(values, present, strict=True)]
    return Raw(texts, present)


def _moments(series: Any, label: str) -> Raw:
    if series.dtype.time_zone is not None:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return _values.of_array(np.asarray(series.to_numpy()).astype("datetime64[us]"), label)
