"""What a check gets to see: the table, the question and lazily computed codes and numbers of columns."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from glia.columns._cells import cells
from glia.columns._dates import day_first, to_dates
from glia.columns._parse import style_of, to_numbers
from glia.core.raw import RawTable
from glia.table.duplicates import duplicate_keys, factorize

__all__ = ["View"]

_SHOWN = 10


@dataclass(frozen=True)
class View:
    """The table under audit; N = rows, T = targets.

    Args:
        raw: The rows to check, with the target columns and without columns the network must not see.
        kinds: The kind of every input column by name, such as ``"number"``.
        targets: The columns asked for.
        target: (N,) class codes, (N, T) 0/1 or (N,) or (N, T) numbers.
        objective: ``"classify"``, ``"multilabel"`` or ``"regress"``.
        classes: Labels in the order of the codes.
        duplicates: (N,) ids of rows with equal inputs; found here when ``None``.
        rows: (N,) row ids to be named in evidence; ``None`` = 0 to N - 1.
        groups: Encoded inputs by group, where they exist already.
        times: (N,) times when the split is by time.
        test: The rows of a test source, where one is given.
        grouped: Whether the split is by group.
        seed: The seed of the run.
        seconds: How long all checks together may take.
    """

    raw: RawTable
    kinds: Mapping[str, str]
    targets: tuple[str, ...]
    target: np.ndarray
    objective: str
    classes: tuple[str, ...] = ()
    duplicates: np.ndarray | None = None
    rows: np.ndarray | None = None
    groups: Mapping[str, np.ndarray] | None = None
    times: np.ndarray | None = None
    test: RawTable | None = None
    grouped: bool = False
    seed: int = 0
    seconds: float = 2.0
    started: float = field(default_factory=time.perf_counter)

    def __len__(self) -> int:
        return len(self.target)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The names of the columns of cells to answer from; where kinds are known, columns without one are not."""
        return tuple(name for name in self._known if not self.raw[name].media)

    @cached_property
    def media(self) -> tuple[str, ...]:
        """The names of the columns of pictures and sounds to answer from."""
        return tuple(name for name in self._known if self.raw[name].media)

    @cached_property
    def _known(self) -> tuple[str, ...]:
        known = self.kinds or self.raw
        return tuple(name for name in self.raw if name in known and name not in self.targets)

    @cached_property
    def answers(self) -> np.ndarray:
        """(N, T) the truth, one column per target."""
        target = np.asarray(self.target)
        return target[:, None] if target.ndim == 1 else target

    @cached_property
    def keys(self) -> np.ndarray:
        """(N,) ids of rows with equal inputs; an id tells rows apart but is none of the inputs."""
        if self.duplicates is not None:
            return self.duplicates
        return duplicate_keys(self.raw, [name for name in self._known if self.kind(name) != "id"])

    @cached_property
    def labelled_keys(self) -> np.ndarray:
        """(N,) ids of rows with equal inputs and equal targets."""
        keys = self.keys
        for column in self.answers.T:
            codes = np.unique(column, return_inverse=True)[1]
            keys = np.unique(keys * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)[1]
        return keys

    @cached_property
    def _factors(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {}

    def left(self) -> float:
        """Return the seconds left for checks."""
        return self.seconds - (time.perf_counter() - self.started)

    def kind(self, name: str) -> str:
        """Return a column's kind; where nobody said, what its values look like."""
        return self.kinds.get(name) or ("category" if self.raw[name].values.dtype == object else "number")

    def factors(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return (N,) codes of a column, -1 where missing however spelled, and its distinct values."""
        if name not in self._factors:
            raw = self.raw[name]
            if raw.values.dtype == object:
                found = cells(raw)
                self._factors[name] = found.codes, np.array(found.words, object)
            else:
                self._factors[name] = factorize(raw)
        return self._factors[name]

    def numbers(self, name: str) -> np.ndarray | None:
        """Return (N,) float64 values of a column, dates in microseconds and NaN where missing.

        ``None`` where more than a twentieth of a text column's values are no numbers or dates.
        """
        codes, distinct = self.factors(name)
        if distinct.dtype.kind == "M":
            values = distinct.astype("datetime64[us]").astype(np.int64).astype(np.float64)
        elif distinct.dtype == object:
            words = distinct.tolist()
            values = _moments(words) if self.kind(name) == "date" else to_numbers(words, style_of(words))
            if np.isnan(values).sum() > 0.05 * len(values):
                return None
        else:
            values = distinct.astype(np.float64)
        return np.append(values, np.nan)[codes]

    def ids(self, where: np.ndarray) -> list[int]:
        """Return the ids of up to ten rows, given as a mask or as positions."""
        found = np.flatnonzero(where) if where.dtype == bool else where
        return [int(row) for row in (found if self.rows is None else self.rows[found])[:_SHOWN]]


def _moments(words: list[str]) -> np.ndarray:
    """Return words as microseconds; NaN where a word is no date."""
    dates = to_dates(words, day_first(words)[0])
    return np.where(np.isnat(dates), np.nan, dates.astype(np.int64).astype(np.float64))
