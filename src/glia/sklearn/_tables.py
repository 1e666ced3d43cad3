"""From what scikit-learn's callers give to the tables that glia reads, every check in scikit-learn's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import validate_data

from glia.core.errors import DataError, UsageError
from glia.core.raw import Origin, Raw, RawTable
from glia.sources import read
from glia.sources.frames import Frames
from glia.table.duplicates import content_hashes
from glia.table.schema import Schema

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

__all__ = ["distinct", "in_sklearns_words", "kinds_of", "learned", "tabled", "validated"]

# From this many rows on, a category is no longer too rare for a code of its own.
_OFTEN = 8


@contextmanager
def in_sklearns_words() -> Iterator[None]:
    """Turn refusals into ``ValueError``, which is what callers of scikit-learn expect and catch."""
    try:
        yield
    except (DataError, UsageError) as error:
        raise ValueError(str(error)) from error


def validated(estimator: BaseEstimator, X: Any, y: Any = None, *, reset: bool) -> tuple[Any, Any]:
    """Return X as a frame or an (N, F) float64 array, and y as an array; names and widths are checked.

    Args:
        estimator: Who remembers ``n_features_in_`` and ``feature_names_in_``.
        X: A frame, or anything that makes an array of numbers; NaN is missing.
        y: (N,) or (N, T); ``"no_validation"`` where nothing is asked.
        reset: Whether names and widths are learned (or compared with what was learned).

    Raises:
        ValueError: Shapes, names or values that cannot be used.
    """
    asked = not isinstance(y, str)
    if not Frames.claims(X):
        wanted = {"dtype": np.float64, "ensure_all_finite": "allow-nan"}
        if not asked:
            return validate_data(estimator, X, reset=reset, **wanted), None
        X, y = validate_data(estimator, X, y, reset=reset, multi_output=True, **wanted)
        return X, _dense(y)
    validate_data(estimator, X, y, reset=reset, skip_check_array=True)
    if asked:
        y = check_array(y, ensure_2d=False, dtype=None, accept_sparse="csr", input_name="y", estimator=estimator)
        check_consistent_length(X, y)
    return X, _dense(y) if asked else None


def _dense(y: Any) -> np.ndarray:
    return np.asarray(y.toarray() if hasattr(y, "toarray") else y)


def tabled(X: Any, names: np.ndarray | None) -> RawTable:
    """Return the columns of a frame or an array under the names of the fit, by position.

    Raises:
        ValueError: An infinite value.
    """
    table = read(X)
    known = [f"x{place}" for place in range(len(table.columns))] if names is None else names.tolist()
    for name, raw in zip(known, table.columns.values()):
        if raw.values.dtype.kind == "f" and np.isinf(raw.values[raw.present]).any():
            raise ValueError(f"Input X contains infinity in column {name!r}; NaN may stand for a missing value.")
    return RawTable(dict(zip(known, table.columns.values())), table.origin)


def kinds_of(X: Any, table: RawTable) -> dict[str, str]:
    """Return the kinds that types of columns say already; the others are recognized by their values.

    Numbers stay numbers, however few they are, as everywhere in scikit-learn; who means a category says so by
    the type of the column.
    """
    kinds = {name: "number" for name in table if table[name].values.dtype.kind in "fiu"}
    if Frames.claims(X):
        import narwhals as nw

        types = nw.from_native(X).collect_schema().values()
        categorical = (nw.Categorical, nw.Enum)
        kinds |= {name: "category" for name, kind in zip(table, types) if isinstance(kind, categorical)}
    return kinds


def distinct(table: RawTable, target: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one row for all rows that are equal, with the sum of their weights, in an order of their contents.

    A row that weighs 2 is thereby the same as the row twice, one that weighs 0 the same as none, and the order
    in which rows come decides nothing.

    Args:
        table: N rows.
        target: (N, T) their answers.
        weight: (N,) their weights.

    Returns:
        (M,) ids of rows, and (M,) weights above 0.

    Example:
        >>> table = RawTable({"a": Raw(np.array([1.0, 2, 1, 5]), np.ones(4, bool))}, Origin("made", "arrays"))
        >>> rows, weights = distinct(table, np.zeros((4, 1)), np.array([1.0, 1, 2, 0]))
        >>> sorted(zip(rows.tolist(), weights.tolist()))
        [(0, 3.0), (1, 1.0)]
    """
    kept = np.flatnonzero(weight)
    there = np.ones(len(target), bool)
    answers = {f"answer {place}": Raw(column, there) for place, column in enumerate(target.T)}
    hashes = content_hashes(table) + content_hashes(RawTable(answers, Origin("y", "arrays")))
    _, first, group = np.unique(hashes[kept], return_index=True, return_inverse=True)
    return kept[first], np.bincount(group, weight[kept])


def learned(table: RawTable, weight: np.ndarray, kinds: dict[str, str]) -> Schema:
    """Return the schema of distinct rows; it sees each as often as it weighs.

    Args:
        table: N distinct training rows.
        weight: (N,) their weights.
        kinds: Kinds that are known already.
    """
    seen = table.take(np.repeat(np.arange(len(table)), np.rint(weight).clip(1, _OFTEN).astype(np.int64)))
    # The task only tells how targets are read, and there are none among the columns.
    schema = Schema.infer(seen, targets=(), task="regress", kinds=kinds)
    schema.learn(seen)
    return schema
