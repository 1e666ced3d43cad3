"""How tables of series become windows: what a bundle must know, and the buffers that windows are views of.

Legend of shapes: N = windows, L = steps seen, H = steps ahead, V = variables seen, A = variables asked for,
K = values known in advance, T = steps of all series one after another, P = pieces, S = series.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from glia.core.errors import DataError
from glia.core.names import did_you_mean, listed
from glia.core.raw import RawTable
from glia.core.values import Spec
from glia.table._clock import Clock
from glia.table._panel import Panel
from glia.table._season import naive_error
from glia.table._series import Roles, panel_of, roles_of
from glia.table.schema import Schema

__all__ = ["Ahead", "Buffers", "Groups", "Layout", "held"]

Groups = dict[str, np.ndarray]

_SPARSE = 0.5  # of the steps that may be put in before rows count as ones of another step
_FEW = 8
"""Steps that must be known of what a window has seen, unless it holds fewer."""


@dataclass(frozen=True)
class Ahead:
    """The last window of each series.

    Args:
        groups: What networks take, (S, ...).
        names: (S,) the series' labels.
        when: (S, H) the times that are forecast.
        notes: What was found odd.
    """

    groups: Groups
    names: tuple[str, ...]
    when: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass
class Layout:
    """How tables of series become windows; all that a bundle must know.

    Args:
        horizon: Steps ahead, H.
        lookback: Steps seen, L.
        roles: What each column is.
        clock: How steps and times belong together.
        season: Steps of the cycle that the series repeat in; 1 = none was found.
        parts: The cycles of the calendar.
        center: (V,) means of the training steps.
        spread: (V,) standard deviations.
        level: (K,) means of what is known in advance.
        reach: (K,) their standard deviations.
        static: The schema of what is static.
        uneven: Whether there are many series of very different size and without a sign, so that errors are best
            counted in shares of what is right.
    """

    horizon: int
    lookback: int
    roles: Roles
    clock: Clock
    season: int = 1
    parts: tuple[str, ...] = ()
    center: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()
    level: tuple[float, ...] = ()
    reach: tuple[float, ...] = ()
    static: Schema | None = None
    uneven: bool = False

    def specs(self) -> dict[str, Spec]:
        """Return the spec of each group."""
        size, asked = (self.lookback, len(self.roles.values)), self.roles.values
        found = {"series": Spec(("time", "variable"), size, names=asked, center=self.center, spread=self.spread)}
        names = [f"{part} ({wave})" for part in self.parts for wave in ("sin", "cos")] + list(self.roles.known)
        if names:
            found["future"] = Spec(("time", "variable"), (self.horizon, len(names)), names=tuple(names))
        return {**found, **(self.static.specs() if self.static else {})}

    def asked(self) -> dict[str, Spec]:
        """Return the spec of the target."""
        center, spread = (tuple(one[at] for at in self.places) for one in (self.center, self.spread))
        size = (self.horizon, len(self.roles.asked))
        return {"target": Spec(("time", "variable"), size, names=self.roles.asked, center=center, spread=spread)}

    @property
    def places(self) -> list[int]:
        """Where the variables asked for stand among those seen."""
        return [self.roles.values.index(name) for name in self.roles.asked]

    def ahead(self, table: RawTable) -> Ahead:
        """Return the last window of each series of a table; rows whose answers are blank say what is known ahead.

        Raises:
            DataError: A column is missing, a series is empty, or what is known in advance is not known.
        """
        panel = self._panel(table)
        buffers = Buffers(panel, self)
        last = [piece for piece in range(len(panel.series)) if piece + 1 == len(panel.series)
                or panel.series[piece + 1] != panel.series[piece]]  # fmt: skip
        seen, future, when, few = [], [], [], []
        for piece in last:
            low, high = int(panel.start[piece]), int(panel.start[piece + 1])
            there = np.flatnonzero(~np.isnan(panel.values[low:high][:, self.places]).all(1))
            if not len(there):
                raise self._nothing(panel, piece)
            end = low + int(there[-1]) + 1
            seen.append(_padded(buffers.seen[max(low, end - self.lookback) : end], self.lookback))
            few += [end - low] if end - low < self.lookback else []
            times = self.clock.after(panel.times[end - 1], self.horizon)
            future.append(self._future(times, panel.known[end : min(high, end + self.horizon)]))
            when.append(times)
        rows = panel.first[panel.series[last]]
        groups = {"series": np.stack(seen), "future": np.stack(future), **self.still(table, rows)}
        names = tuple(panel.names[series] for series in panel.series[last].tolist())
        if few:
            said = f"{len(few)} of {len(last)} series hold fewer than the {self.lookback} steps that are seen"
            panel.notes.append(f"{said} ({min(few)} at least); their first value stands for those before it")
        return Ahead({name: groups[name] for name in self.specs()}, names, np.stack(when), tuple(panel.notes))

    def rolling(self, table: RawTable) -> tuple[Groups, np.ndarray, np.ndarray]:
        """Return every window of a later table, its truth (N, H + 2, A), and the block it belongs to (N,).

        Raises:
            DataError: A column is missing, or no series is long enough.
        """
        panel = self._panel(table)
        pieces = zip(panel.start[:-1].tolist(), panel.start[1:].tolist())
        places = [np.arange(low + self.lookback, high - self.horizon + 1) for low, high in pieces]
        buffers = Buffers(panel, self)
        found = buffers.whole(np.concatenate(places) if places else np.zeros(0, np.int64), self)
        if not len(found):
            raise DataError(
                "history_too_short",
                f"no series of {table.origin.name} has {self.lookback + self.horizon} steps",
                remedy=f"bring at least {self.lookback} steps before the {self.horizon} to be compared",
                file=table.origin.path,
            )
        static = self.still(table, panel.first[panel.series])
        truth = buffers.truth(found, self, naive_error(panel, self.places, self.season, np.diff(panel.start)))
        return buffers.groups(found, self, static), truth, buffers.blocks(found, self.horizon)

    def state(self) -> dict[str, Any]:
        """Return the layout as JSON values."""
        return {
            "horizon": self.horizon,
            "lookback": self.lookback,
            "roles": self.roles.state(),
            "clock": self.clock.state(),
            "season": self.season,
            "parts": list(self.parts),
            "center": list(self.center),
            "spread": list(self.spread),
            "level": list(self.level),
            "reach": list(self.reach),
            "static": self.static.state() if self.static else None,
            "uneven": self.uneven,
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Layout:
        """Return the layout that :meth:`state` described."""
        return cls(
            int(state["horizon"]),
            int(state["lookback"]),
            Roles.restored(state["roles"]),
            Clock.restored(state["clock"]),
            int(state["season"]),
            tuple(state["parts"]),
            tuple(state["center"]),
            tuple(state["spread"]),
            tuple(state["level"]),
            tuple(state["reach"]),
            Schema.restored(state["static"]) if state["static"] else None,
            bool(state.get("uneven", False)),
        )

    def _panel(self, table: RawTable) -> Panel:
        roles = self.roles
        if roles.steps:
            found = roles_of(table, (), time=None, series=roles.series, known=(), notes=[])
            if not found.steps:
                raise DataError("no_series", "no columns of steps are there", remedy="bring a series in each row")
            return panel_of(table, found, self.clock)
        wanted = [*filter(None, (roles.time, roles.series)), *roles.values, *roles.known, *roles.static]
        for name in wanted:
            if name not in table:
                raise DataError(
                    "missing_column",
                    f"{table.origin.name} lacks {name!r}{did_you_mean(name, table)}",
                    remedy="bring it under the name used in training",
                    file=table.origin.path,
                    column=name,
                )
        panel = panel_of(table, roles, self.clock)
        if self.clock.kind in ("date", "month", "number") and (panel.row < 0).mean() > _SPARSE:
            raise DataError(
                "other_steps",
                f"the bundle learned steps of {self.clock}, and {int((panel.row < 0).sum()):,} of these "
                f"{len(panel.row):,} steps have no row",
                remedy=f"bring a row for each step of {self.clock}",
                file=table.origin.path or table.origin.name,
                column=roles.time,
            )
        return panel

    def still(self, table: RawTable, rows: np.ndarray) -> Groups:
        """Return what is static, encoded, of some rows."""
        return self.static.encode(table.take(rows)) if self.static else {}

    def known(self, known: np.ndarray) -> np.ndarray:
        """Return what is known in advance, standardized."""
        if not known.shape[1]:
            return known.astype(np.float32)
        standard = (known - np.asarray(self.level)) / np.asarray(self.reach)
        return np.nan_to_num(standard).astype(np.float32)

    def _future(self, times: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return what is known of the steps ahead, (H, K)."""
        if self.roles.known and (len(known) < self.horizon or np.isnan(known).any()):
            raise DataError(
                "future_missing",
                f"{listed(self.roles.known)} must be known for all {self.horizon} steps ahead, and {len(known)} are",
                remedy=f"add {self.horizon} rows in which {listed(self.roles.asked)} is blank",
            )
        calendar = self.clock.calendar(times, self.parts)
        return np.concatenate([calendar, self.known(known)], 1) if self.roles.known else calendar

    def _nothing(self, panel: Panel, piece: int) -> DataError:
        name = panel.names[int(panel.series[piece])]
        said = f"the series {name!r} holds" if name else "the table holds"
        return DataError("no_history", f"{said} no value to go on from", remedy="bring steps that are known")


class Buffers:
    """A panel as float32 buffers that windows are views of."""

    def __init__(self, panel: Panel, layout: Layout) -> None:
        self.panel = panel
        places = layout.places
        self.seen = held(panel, np.asarray(layout.center)).astype(np.float32)
        self.asked = np.ascontiguousarray(panel.values[:, places], np.float32)
        self.gone = np.concatenate([[0], np.cumsum(np.isnan(panel.values[:, places]).any(1))])
        calendar = layout.clock.calendar(panel.times, layout.parts)
        self.future = np.ascontiguousarray(np.concatenate([calendar, layout.known(panel.known)], 1))
        self.piece = np.repeat(np.arange(len(panel.series)), np.diff(panel.start))

    def whole(self, places: np.ndarray, layout: Layout) -> np.ndarray:
        """Return the origins whose targets are all known, and some steps of what is seen."""
        ahead = self.gone[places + layout.horizon] - self.gone[places]
        before = layout.lookback - (self.gone[places] - self.gone[places - layout.lookback])
        kept: np.ndarray = places[(ahead == 0) & (before >= max(1, min(layout.lookback // 2, _FEW)))]
        return kept

    def groups(self, places: np.ndarray, layout: Layout, static: Groups) -> Groups:
        """Return what networks take at each origin; ``static`` is (P, F) of each piece."""
        found = {"series": _view(self.seen, places - layout.lookback, layout.lookback)}
        if self.future.shape[1]:
            found["future"] = _view(self.future, places, layout.horizon)
        return {**found, **{name: values[self.piece[places]] for name, values in static.items()}}

    def target(self, places: np.ndarray, layout: Layout) -> np.ndarray:
        """Return the steps ahead, (N, H, A)."""
        return _view(self.asked, places, layout.horizon)

    def truth(self, places: np.ndarray, layout: Layout, naive: np.ndarray) -> np.ndarray:
        """Return the steps ahead with their two scales, (N, H + 2, A)."""
        spread = np.asarray(layout.asked()["target"].spread, np.float32)
        scales = naive[self.panel.series[self.piece[places]]]
        wide = np.broadcast_to(spread, scales.shape)
        return np.concatenate([self.target(places, layout), np.stack([wide, scales], 1)], 1, dtype=np.float32)

    def blocks(self, places: np.ndarray, horizon: int) -> np.ndarray:
        """Return the block of each origin: as many neighbors as there are steps ahead, of one piece."""
        inside = (places - self.panel.start[self.piece[places]]) // horizon
        pairs = np.stack([self.piece[places], inside], 1)
        return np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def held(panel: Panel, center: np.ndarray) -> np.ndarray:
    """Return (T, V) values in which what is missing holds the value before it, or the mean before any is known."""
    missing = np.isnan(panel.values)
    if not missing.any():
        return panel.values
    begin = np.repeat(panel.start[:-1], np.diff(panel.start))
    at = np.where(missing, 0, np.arange(1, len(missing) + 1)[:, None])
    last = np.maximum.accumulate(at, axis=0) - 1
    known = last >= begin[:, None]
    return np.where(known, np.take_along_axis(panel.values, last.clip(0), axis=0), center)


def _view(buffer: np.ndarray, first: np.ndarray, length: int) -> np.ndarray:
    """Return (N, length, width) rows of a buffer from each first one on; neighbors are seen and not copied."""
    step, item = buffer.strides
    shape = (max(len(buffer) - length + 1, 0), length, buffer.shape[1])
    every = np.lib.stride_tricks.as_strided(buffer, shape, (step, step, item))
    if len(first) and first[-1] - first[0] + 1 == len(first):
        return every[int(first[0]) : int(first[-1]) + 1]
    return every[first]


def _padded(seen: np.ndarray, length: int) -> np.ndarray:
    """Return the last steps seen, the first of them repeated before it where there are too few."""
    return np.concatenate([np.repeat(seen[:1], length - len(seen), 0), seen]) if len(seen) < length else seen
