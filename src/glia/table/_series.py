"""From a table to series: one flat buffer of steps, whatever the table looks like.

A table is *long* (a row for each step, perhaps of several series, told apart by a column) or *wide* (a row for each
series, a column for each step). Legend of shapes: T = steps of all series one after another, V = variables seen,
K = variables known in advance, P = pieces without large gaps, S = series.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np

from glia.columns._cells import cells
from glia.columns._parse import numeric_share
from glia.columns.date import Date
from glia.columns.id import Id
from glia.core.errors import DataError, UsageError
from glia.core.names import listed
from glia.core.raw import Raw, RawTable
from glia.table._clock import Clock, clock_of, summer_time
from glia.table._figures import figures, whens
from glia.table._panel import Panel

__all__ = ["Roles", "panel_of", "roles_of"]

_NUMBERED = re.compile(r"\D{0,8}\d+")
_FEWEST_WIDE = 8
_REPEATED = 0.05  # of the rows that may repeat a time before the table is taken to hold several series
_CUT = 0.1  # of the rows that a long gap may follow
_LONG_GAP = 24  # missing steps that are filled; a longer gap ends a piece


@dataclass(frozen=True)
class Roles:
    """What each column is.

    Args:
        time: When a row was.
        series: Which series a row is of.
        values: The numbers whose past is seen.
        asked: Those of them whose future is asked for.
        known: Numbers that are known in advance.
        static: What never changes in a series.
        steps: In a wide table, the columns that are steps, in order.
    """

    time: str | None = None
    series: str | None = None
    values: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()

    def state(self) -> dict[str, Any]:
        """Return the roles as JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Roles:
        """Return the roles that :meth:`state` described."""
        many = {one.name: tuple(state[one.name]) for one in fields(cls) if one.name not in ("time", "series")}
        return cls(state["time"], state["series"], **many)


def roles_of(
    table: RawTable,
    targets: Sequence[str],
    *,
    time: str | None,
    series: str | None,
    known: Sequence[str],
    notes: list[str],
) -> Roles:
    """Return what each column is, as far as it was not said.

    Raises:
        UsageError: A target or a known column that holds no numbers.
        DataError: No column holds numbers.
    """
    steps = _steps(table, targets, time)
    if steps:
        rest = [name for name in table if name not in steps]
        series = series or next((name for name in rest if _distinct(table[name])), None)
        static = tuple(name for name in rest if name != series)
        return Roles(None, series, ("value",), ("value",), (), static, steps)
    time = time or next((name for name in table if Date.recognize(table[name]).confidence >= 0.9), None)
    rest = [name for name in table if name not in (time, series)]
    numeric = [name for name in rest if _is_number(table[name])]
    for name in (*targets, *known):
        if name not in numeric:
            raise UsageError(
                "not_numbers", f"{name!r} holds no numbers", remedy="name a column of numbers", column=name
            )
    static = _static(table, [name for name in rest if name not in (*targets, *known)], series)
    counts = [name for name in numeric if name not in (*targets, *known) and Id.recognize(table[name]).confidence > 0.9]
    values = [name for name in numeric if name not in static]
    # A column that counts the rows says nothing beside others; alone it is a series like any other.
    values = [name for name in values if name not in counts] or values
    if not values:
        raise DataError("no_numbers", "no column holds numbers that change", remedy="name one with --target")
    left = [name for name in rest if name not in static and name not in values]
    if left:
        notes.append(f"{listed(left)} {'is' if len(left) == 1 else 'are'} left out, being no numbers that change")
    asked = tuple(targets) or tuple(name for name in values if name not in known)
    return Roles(time, series, tuple(values), asked, tuple(known), static)


def panel_of(table: RawTable, roles: Roles, clock: Clock | None = None, notes: list[str] | None = None) -> Panel:
    """Return the series of a table.

    Args:
        table: The rows.
        roles: What each column is.
        clock: The clock of the training rows; ``None`` finds one.
        notes: Where to put what had to be decided.

    Raises:
        DataError: Times that cannot be read, repeat too often or follow no step.
    """
    notes = [] if notes is None else notes
    if roles.steps:
        return _wide(table, roles, notes)
    values, said = figures(table, roles.values, roles.asked)
    known = figures(table, roles.known)[0]
    notes += said
    times = np.arange(len(table), dtype=np.float64) if roles.time is None else whens(table, roles.time)
    codes, names = _codes(table, roles.series)
    counts = np.bincount(codes, minlength=len(names))
    longest = np.flatnonzero(codes == int(counts.argmax()))
    local = clock.kind == "row" if clock else summer_time(times[longest])
    if local and clock is None and roles.time is not None and summer_time(times[longest]):
        notes.append("times are of a local clock that repeats an hour in autumn; its rows count as evenly spaced")
        order = np.argsort(codes, kind="stable")
    else:
        order = np.lexsort((np.arange(len(times)), times, codes))
        if roles.time is not None and (np.diff(times[longest]).astype(np.float64) < 0).any():
            notes.append("rows were sorted by time")
        local = False
    if clock is None:
        distinct = times[longest] if local else np.unique(times[longest])
        clock = Clock() if roles.time is None else clock_of(distinct)
    pieces = _Pieces(values, known, times, clock, notes)
    if not local:
        order = pieces.once(order, codes, table, roles)
    ends = np.searchsorted(codes[order], np.arange(len(names) + 1))
    for code in range(len(names)):
        pieces.add(code, order[ends[code] : ends[code + 1]])
    first = np.array([int(order[ends[code]]) for code in range(len(names))], np.int64)
    return pieces.panel(names, first)


class _Pieces:
    """Pieces of series while they are put together."""

    def __init__(
        self, values: np.ndarray, known: np.ndarray, times: np.ndarray, clock: Clock, notes: list[str]
    ) -> None:
        self.values, self.known, self.times, self.clock, self.notes = values, known, times, clock, notes
        self.rows: list[np.ndarray] = []
        self.series: list[int] = []
        self.when: list[np.ndarray] = []
        self.filled = self.cut = 0

    def once(self, order: np.ndarray, codes: np.ndarray, table: RawTable, roles: Roles) -> np.ndarray:
        """Return the rows without those that repeat a time; rows that differ are averaged into the first.

        Raises:
            DataError: So many differ that the table seems to hold several series.
        """
        same = (np.diff(codes[order]) == 0) & (np.diff(self.times[order]).astype(np.float64) == 0)
        if not same.any():
            return order
        heads = np.concatenate([[True], ~same])
        run = np.cumsum(heads) - 1
        rows = order[heads]
        gathered = self.values[order]
        differ = np.concatenate([[False], same & (np.nan_to_num(np.diff(gathered, axis=0)) != 0).any(1)])
        if differ.sum() > _REPEATED * len(order):
            row = int(order[differ][0])
            raise DataError(
                "times_repeat",
                f"{int(differ.sum())} rows repeat a time of {roles.time!r} with other values",
                remedy="name the column that tells series apart with --group, or bring one row for each time",
                file=table.origin.path,
                line=table.origin.line(row),
                column=roles.time,
            )
        known = ~np.isnan(gathered)
        total, count = np.zeros((len(rows), gathered.shape[1])), np.zeros((len(rows), gathered.shape[1]))
        np.add.at(total, run, np.where(known, gathered, 0.0))
        np.add.at(count, run, known)
        self.values = self.values.copy()
        self.values[rows] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        self.notes.append(f"{int(same.sum())} rows repeat a time; the means of such rows were taken")
        return rows

    def add(self, series: int, rows: np.ndarray) -> None:
        """Add the rows of a series, in order of time, cut where many steps are missing."""
        if not len(rows):
            return
        ticks = self.clock.ticks(self.times[rows])
        self.notes += [note for note in ticks.notes if note not in self.notes]
        place = ticks.place
        cuts = [0, *(np.flatnonzero(np.diff(place) > _LONG_GAP + 1) + 1).tolist(), len(rows)]
        if len(cuts) - 2 > _CUT * len(rows) + 2:
            raise self.clock.irregular()
        self.cut += len(cuts) - 2
        for low, high in pairwise(cuts):
            here = place[low:high] - place[low]
            grid = np.full(int(here[-1]) + 1, -1, np.int64)
            grid[here[::-1]] = rows[low:high][::-1]  # of rows gathered into one step, the first stands
            self.filled += int((grid < 0).sum())
            self.rows.append(grid)
            self.series.append(series)
            self.when.append(self._times(self.times[rows[low]], grid))

    def panel(self, names: tuple[str, ...], first: np.ndarray) -> Panel:
        """Return all pieces as one panel."""
        row = np.concatenate(self.rows) if self.rows else np.zeros(0, np.int64)
        if self.filled:
            self.notes.append(f"{self.filled} missing steps of {self.clock} were put in, holding the value before them")
        if self.cut:
            said = f"the rows break off {self.cut} time{'s' * (self.cut > 1)} for more than {_LONG_GAP} steps"
            self.notes.append(f"{said} of {self.clock}; no window reaches across")
        here = (row >= 0)[:, None]
        return Panel(
            values=np.where(here, self.values[row], np.nan),
            known=np.where(here, self.known[row], np.nan),
            times=np.concatenate(self.when) if self.when else self.times[:0],
            row=row,
            start=np.cumsum([0, *map(len, self.rows)]),
            series=np.array(self.series, np.int64),
            names=names,
            first=first,
            clock=self.clock,
            notes=self.notes,
        )

    def _times(self, begin: Any, grid: np.ndarray) -> np.ndarray:
        """Return the time of each step: the row's own where there is one."""
        even = np.concatenate([self.times[:0], [begin], self.clock.after(begin, len(grid) - 1)])
        return np.where(grid >= 0, self.times[grid], even.astype(self.times.dtype))


def _wide(table: RawTable, roles: Roles, notes: list[str]) -> Panel:
    """Return the series of a table that holds one in each row; cells before its first and after its last are none."""
    grid = figures(table, roles.steps, roles.steps)[0]
    here = ~np.isnan(grid)
    begin = np.where(here.any(1), here.argmax(1), 0)
    end = np.where(here.any(1), grid.shape[1] - here[:, ::-1].argmax(1), 0)
    if not here.any(1).all():
        notes.append(f"{int((~here.any(1)).sum())} rows hold no number and are left out")
    inside = (np.arange(grid.shape[1]) >= begin[:, None]) & (np.arange(grid.shape[1]) < end[:, None])
    rows, steps = np.nonzero(inside)
    codes, names = _codes(table, roles.series) if roles.series else (np.arange(len(table)), _numbered(len(table)))
    held = np.flatnonzero(end > begin)
    return Panel(
        values=grid[inside][:, None],
        known=np.zeros((len(rows), 0)),
        times=(steps - begin[rows]).astype(np.float64),
        row=rows.astype(np.int64),
        start=np.cumsum([0, *(end - begin)[held].tolist()]),
        series=codes[held],
        names=names,
        first=np.unique(codes, return_index=True)[1],
        clock=Clock(),
        notes=notes,
    )


def _steps(table: RawTable, targets: Sequence[str], time: str | None) -> tuple[str, ...]:
    """Return the columns of a wide table that are steps: many, numbered or dated, where nothing dates the rows."""
    if time is not None or targets:
        return ()
    named = [name for name in table if _NUMBERED.fullmatch(name.strip()) or _dated(name)]
    numeric = [name for name in named if _is_number(table[name])]
    if len(numeric) < _FEWEST_WIDE or len(numeric) < 0.8 * len(table.columns):
        return ()
    if any(Date.recognize(table[name]).confidence >= 0.9 for name in table if name not in numeric):
        return ()
    return tuple(numeric)


def _dated(name: str) -> bool:
    return Date.recognize(Raw(np.array([name], dtype=object), np.ones(1, bool))).confidence >= 0.9


def _is_number(raw: Raw) -> bool:
    if raw.values.dtype.kind in "fiub":
        return True
    return raw.values.dtype == object and (not cells(raw).words or numeric_share(cells(raw))[0] >= 0.9)


def _distinct(raw: Raw) -> bool:
    found = cells(raw)
    return len(found.words) == len(raw)


def _static(table: RawTable, names: Sequence[str], series: str | None) -> tuple[str, ...]:
    """Return the columns that hold one value in each series, of several."""
    if series is None:
        return ()
    codes, labels = _codes(table, series)
    if len(labels) < 2:
        return ()
    found = []
    for name in names:
        words = cells(table[name]).codes
        pairs = len(np.unique(codes * (words.max(initial=0) + 2) + words + 1))
        if pairs == len(labels) and len(np.unique(words)) > 1:
            found.append(name)
    return tuple(found)


def _codes(table: RawTable, series: str | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the number of each row's series, and the series' names in order of appearance."""
    if series is None:
        return np.zeros(len(table), np.int64), ("",)
    found = cells(table[series], strict=True)
    if (found.codes < 0).any():
        row = int((found.codes < 0).argmax())
        raise DataError(
            "series_missing",
            f"{int((found.codes < 0).sum())} rows do not say which series they are of",
            remedy="correct these rows or leave them out",
            file=table.origin.path,
            line=table.origin.line(row),
            column=series,
        )
    return found.codes, tuple(found.words)


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"row {at + 1}" for at in range(count))
