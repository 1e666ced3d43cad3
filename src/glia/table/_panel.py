"""Series as one flat buffer of steps, put together and made long enough.

Legend of shapes: T = steps of all series one after another, V = variables seen, K = variables known in advance,
P = pieces without large gaps, S = series.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from glia.core.errors import DataError
from glia.core.names import listed
from glia.table._clock import Clock

__all__ = ["Panel", "joined", "padded"]

_FLAT = ("values", "known", "times", "row")
_LEAST_SEEN = 3  # real steps that a window of a short series holds at least


@dataclass
class Panel:
    """Series as steps.

    Args:
        values: (T, V) float64, NaN where nothing is known.
        known: (T, K) float64.
        times: (T,) datetime64[us] or float64; steps from 0 where a table has no times.
        row: (T,) int64 row of the table, -1 where a missing step was put in.
        start: (P + 1,) int64 where each piece begins, and the end.
        series: (P,) int64 the series of each piece.
        names: (S,) labels.
        first: (S,) int64 a row of the table of each series, for what is static.
        clock: How steps and times belong together.
        notes: What had to be decided.
    """

    values: np.ndarray
    known: np.ndarray
    times: np.ndarray
    row: np.ndarray
    start: np.ndarray
    series: np.ndarray
    names: tuple[str, ...]
    first: np.ndarray
    clock: Clock
    notes: list[str] = field(default_factory=list)


def joined(panel: Panel, later: Panel) -> tuple[Panel, np.ndarray]:
    """Return a panel in which later steps go on where each series ends, and which steps are the later ones, (T,) bool.

    Raises:
        DataError: No series of the later panel is among the earlier ones.
    """
    index = {name: at for at, name in enumerate(later.names)}
    pieces: list[tuple[int, list[tuple[Panel, int]]]] = []
    met = 0
    for at in range(len(panel.series)):
        series = int(panel.series[at])
        parts = [(panel, at)]
        if at + 1 == len(panel.series) or panel.series[at + 1] != series:
            code = index.get(panel.names[series], -1)
            parts += [(later, other) for other in np.flatnonzero(later.series == code).tolist()[:1]]
            met += len(parts) > 1
        pieces.append((series, parts))
    if not met:
        raise DataError(
            "other_series", "the test source holds none of the series", remedy="bring the same series, further on"
        )
    if met < len(later.names):
        panel.notes.append(f"{len(later.names) - met} series of the test source are new and left out")
    parts = [part for _, own in pieces for part in own]
    cut = {name: [getattr(one, name)[one.start[at] : one.start[at + 1]] for one, at in parts] for name in _FLAT}
    flat = {name: np.concatenate(values) for name, values in cut.items()}
    fresh = np.concatenate([np.full(int(one.start[at + 1] - one.start[at]), one is later) for one, at in parts])
    flat["row"] = np.where(fresh, np.where(flat["row"] < 0, -1, 0), flat["row"])  # rows of another table
    lengths = [sum(int(one.start[at + 1] - one.start[at]) for one, at in own) for _, own in pieces]
    whole = Panel(
        flat["values"],
        flat["known"],
        flat["times"],
        flat["row"],
        np.cumsum([0, *lengths]),
        np.array([one for one, _ in pieces], np.int64),
        panel.names,
        panel.first,
        panel.clock,
        panel.notes,
    )
    return whole, fresh


def padded(panel: Panel, fresh: np.ndarray | None, horizon: int, lookback: int) -> tuple[Panel, np.ndarray | None]:
    """Return a panel of several pieces without those too short for one forecast, short ones begun earlier.

    A piece shorter than a window and some horizons is begun with its first value, so that all of its steps can be
    learned. What is added is never asked for, since no window begins there.
    """
    lengths = np.diff(panel.start)
    if len(lengths) == 1:
        return panel, fresh
    kept = np.flatnonzero(lengths > horizon + 1)
    if len(kept) < len(lengths):
        said = f"{len(lengths) - len(kept)} of {len(lengths)} pieces of series are too short for {horizon} steps ahead"
        left = {panel.names[at] for at in panel.series[np.setdiff1d(np.arange(len(lengths)), kept)].tolist()} - {""}
        panel.notes.append(f"{said} and are left out" + (f", of {listed(sorted(left), 4)}" if left else ""))
    added = np.where(lengths < lookback + 4 * horizon, max(lookback - _LEAST_SEEN, 0), 0)
    rows, mark = [], []
    for piece in kept.tolist():
        inside = np.arange(panel.start[piece], panel.start[piece + 1])
        rows.append(np.concatenate([np.full(added[piece], inside[0]), inside]))
        mark.append(np.arange(len(rows[-1])) < added[piece])
    if not rows:
        return panel, fresh
    take, new = np.concatenate(rows), np.concatenate(mark)
    row = np.where(new, -1, panel.row[take])
    start = np.cumsum([0, *map(len, rows)])
    found = replace(
        panel, values=panel.values[take], row=row, known=panel.known[take], times=panel.times[take], start=start
    )
    return replace(found, series=panel.series[kept]), None if fresh is None else fresh[take]
