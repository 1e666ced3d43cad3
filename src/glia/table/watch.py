"""Every row of a series with what came before it, to be watched for what is odd.

``watched(table, ...)`` gives one window for each row, its last step being that row: nothing is put in for missing
times, and rows before which little is known are begun with the first value. Training rows are the earliest ones. Where
a column of labels is named (yes and no, 0 and 1), truth says which rows lie inside an anomaly; it never teaches.

A bundle keeps ``found.layout.state()``; later, ``Watch.restored(state).every(table)`` gives a window for each row of a
new table, and which row it is.

Legend of shapes: N = rows, L = steps of a window, V = variables, S = series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glia.columns._cells import cells
from glia.core.errors import DataError, UsageError
from glia.core.names import did_you_mean, listed
from glia.core.raw import Raw, RawTable
from glia.core.values import Spec
from glia.table._clock import Clock, times_of
from glia.table._layout import Groups
from glia.table._panel import Panel
from glia.table._season import season_of
from glia.table._series import Roles, panel_of, roles_of

__all__ = ["Watch", "Watched", "watched"]

PARTS = ("train", "valid", "calibration", "test")
_SHARES = (0.5, 0.1, 0.1, 0.3)
_LOOKBACK = 48
_LONGEST = 288
_NO = frozenset({"", "0", "0.0", "false", "no", "normal", "ok"})


@dataclass
class Watch:
    """How rows become windows; all that a bundle must know.

    Args:
        lookback: Steps of a window, L.
        roles: What each column is.
        label: The column that says which rows are anomalous, where there is one.
        center: (V,) means of the training rows.
        spread: (V,) standard deviations.
    """

    lookback: int
    roles: Roles
    label: str | None = None
    center: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()

    def specs(self) -> dict[str, Spec]:
        """Return the spec of the group ``"series"``."""
        size, names = (self.lookback, len(self.roles.values)), self.roles.values
        return {"series": Spec(("time", "variable"), size, names=names, center=self.center, spread=self.spread)}

    def every(self, table: RawTable) -> tuple[Groups, np.ndarray, np.ndarray]:
        """Return a window for each row, the row it is of (N,), in the order of time, and truth, (N,) 0 or 1 or (N, 0).

        Beside the windows, ``"past"`` (N, 1) says how many rows of its series came before each.

        Raises:
            DataError: A column is missing, or times cannot be read.
        """
        names = [*filter(None, (self.roles.time, self.roles.series)), *self.roles.values]
        for name in names:
            if name not in table:
                said = f"{table.origin.name} lacks {name!r}{did_you_mean(name, table)}"
                remedy = "bring it under the name used in training"
                raise DataError("missing_column", said, remedy=remedy, file=table.origin.path, column=name)
        panel, order = _panel(table, self.roles)
        truth = np.zeros((len(order), 0))
        if self.label is not None and self.label in table:
            truth = _labels(table[self.label])[order]
        past = np.concatenate([np.arange(count, dtype=np.float32) for count in np.diff(panel.start)] or [np.zeros(0)])
        groups = {"series": _windows(panel, self.lookback, self.center), "past": past.astype(np.float32)[:, None]}
        return groups, order, truth

    def state(self) -> dict[str, Any]:
        """Return the layout as JSON values."""
        return {
            "lookback": self.lookback,
            "roles": self.roles.state(),
            "label": self.label,
            "center": list(self.center),
            "spread": list(self.spread),
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Watch:
        """Return the layout that :meth:`state` described."""
        roles = Roles.restored(state["roles"])
        return cls(int(state["lookback"]), roles, state["label"], tuple(state["center"]), tuple(state["spread"]))


@dataclass
class Watched:
    """Windows by part.

    Args:
        inputs: ``"series"`` (N, L, V) float32, and ``"past"`` (N, 1), for judging alone: rows that came before.
        targets: (N, 0): nothing is known of the answer.
        truth: (N,) 1 inside an anomaly and 0 elsewhere, or (N, 0) where nobody says.
        units: (N,) the block of neighboring rows that each belongs to.
        weight: (N,) float32.
        row: (N,) the row of the table.
        layout: All that a bundle must know.
        reasons: What was decided, and why.
        notes: What was found odd.
    """

    inputs: dict[str, Groups]
    targets: Groups
    truth: Groups
    units: Groups
    weight: Groups
    row: Groups
    layout: Watch
    reasons: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def specs(self) -> dict[str, Spec]:
        """The spec of each group."""
        return self.layout.specs()


def watched(
    table: RawTable,
    label: str | None = None,
    *,
    lookback: int | None = None,
    time: str | None = None,
    series: str | None = None,
    split: str | Sequence[float] | None = None,
) -> Watched:
    """Return a window for each row of a table.

    Args:
        table: One series, or several told apart by a column.
        label: The column that says which rows are anomalous; only judges look at it.
        lookback: Steps of a window; ``None`` = two seasons, between 48 and 288 steps, or fewer where rows are few.
        time: The column of times; ``None`` looks for one, else rows are in order.
        series: The column that tells series apart.
        split: Shares or numbers of rows of training, validation and test, in the order of time; half of validation
            calibrates. ``None`` = the first half trains, a tenth chooses, a tenth calibrates, the rest judges.

    Raises:
        UsageError: The split or a column does not fit.
        DataError: Times cannot be read, or there are too few rows.

    Example:
        >>> from glia.core.raw import Origin
        >>> values = Raw(np.sin(np.arange(200.0)), np.ones(200, bool))
        >>> found = watched(RawTable({"x": values}, Origin("made", "array")), lookback=10)
        >>> found.inputs["test"]["series"].shape, found.row["test"][0].item()
        ((60, 10, 1), 140)
    """
    if label is not None and label not in table:
        said = f"{table.origin.name} has no column {label!r}{did_you_mean(label, table)}"
        raise UsageError("unknown_column", said, remedy="name the column of labels, or none")
    notes: list[str] = []
    seen = table if label is None else table.without(label)
    roles = roles_of(seen, (), time=time, series=series, known=(), notes=notes)
    if roles.time is None and lookback is None and len(roles.values) > 1:
        raise _untimed(table, roles)
    panel, order = _panel(seen, roles)
    ends = _ends(len(order), split)
    if lookback is None:
        season = season_of(panel, list(range(len(roles.values))), None)[0]
        room = max(2, min(len(order) // 10, ends[0] // 4))  # four windows side by side to learn from
        lookback = min(int(np.clip(2 * season, _LOOKBACK, _LONGEST)), room)
    if ends[0] < 2 * lookback:
        said = f"{ends[0]} training rows are too few for windows of {lookback}"
        raise DataError("history_too_short", said, remedy="bring more rows, or ask for shorter windows with --lookback")
    part = _parts(panel, ends)
    layout = _learned(panel.values[part == 0], lookback, roles, label)
    return _parted(table, layout, part, ends, notes)


def _untimed(table: RawTable, roles: Roles) -> UsageError:
    """Return what to say of a table whose rows follow one another in no order that it tells of."""
    said = f"no column of {table.origin.name} says when its rows were, and --task anomaly watches rows in their order"
    remedy = "name the column of times with --time, or, if rows are in order, how many are seen at once with --lookback"
    return UsageError("no_times", f"{said} (numbers found: {listed(roles.values, 6)})", remedy=remedy)


def _learned(values: np.ndarray, lookback: int, roles: Roles, label: str | None) -> Watch:
    """Return the layout with the statistics of (N, V) training rows."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(0), 1)
    center = np.where(known, values, 0.0).sum(0) / count
    spread = np.sqrt(np.where(known, (values - center) ** 2, 0.0).sum(0) / count)
    return Watch(lookback, roles, label, tuple(center.tolist()), tuple(np.where(spread > 0, spread, 1.0).tolist()))


def _parted(table: RawTable, layout: Watch, part: np.ndarray, ends: tuple[int, ...], notes: list[str]) -> Watched:
    groups, order, truth = layout.every(table)
    found = Watched({}, {}, {}, {}, {}, {}, layout, {"split": _said(ends)}, notes)
    for at, name in enumerate(PARTS):
        rows = np.flatnonzero(part == at)
        # Neighbors are seen and not copied, where one series is parted.
        here: Any = slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) and np.ptp(rows) + 1 == len(rows) else rows
        found.inputs[name] = {group: values[here] for group, values in groups.items()}
        found.targets[name] = np.zeros((len(rows), 0), np.float32)
        found.truth[name], found.row[name] = truth[here], order[here]
        found.units[name] = np.arange(len(rows)) // layout.lookback
        found.weight[name] = np.ones(len(rows), np.float32)
    return found


def _panel(table: RawTable, roles: Roles) -> tuple[Panel, np.ndarray]:
    """Return the rows in the order of series and time, whatever the times say, and which row each is."""
    order = np.arange(len(table))
    if roles.time is not None:
        order = np.argsort(times_of(table[roles.time], roles.time), kind="stable")
    if roles.series is not None:
        order = order[np.argsort(cells(table[roles.series], strict=True).codes[order], kind="stable")]
    plain = Roles(None, roles.series, roles.values, roles.values)
    return panel_of(table.take(order), plain, Clock()), order


def _windows(panel: Panel, lookback: int, center: Sequence[float]) -> np.ndarray:
    """Return the window that ends at each row, (N, L, V): views of one buffer for each series."""
    from glia.table._layout import held

    values = held(panel, np.asarray(center)).astype(np.float32)
    found = []
    for low, high in zip(panel.start[:-1].tolist(), panel.start[1:].tolist()):
        before = np.repeat(values[low : low + 1], lookback - 1, 0)
        buffer = np.ascontiguousarray(np.concatenate([before, values[low:high]]))
        step, item = buffer.strides
        shape = (high - low, lookback, buffer.shape[1])
        found.append(np.lib.stride_tricks.as_strided(buffer, shape, (step, step, item)))
    if not found:
        return np.zeros((0, lookback, values.shape[1]), np.float32)
    return found[0] if len(found) == 1 else np.concatenate(found)


def _labels(raw: Raw) -> np.ndarray:
    """Return which rows are anomalous, (N,) 0 or 1; nothing, no, false and normal are not."""
    found = cells(raw, strict=True)
    odd = np.array([word.lower() not in _NO for word in found.words], np.int64)
    return found.spread(odd, 0).astype(np.int64)


def _ends(count: int, split: str | Sequence[float] | None) -> tuple[int, ...]:
    """Return where each part ends."""
    if split is None:
        return tuple(round(sum(_SHARES[: at + 1]) * count) for at in range(4))
    try:
        words = split.split(",") if isinstance(split, str) else list(split)
        numbers = [float(word) for word in words]
    except (TypeError, ValueError):
        numbers = []
    whole = max(numbers, default=0) >= 1
    if len(numbers) != 3 or min(numbers) < 0 or sum(numbers) > (count if whole else 1 + 1e-6):
        raise UsageError("bad_split", f"{split!r} is no split of {count} rows", remedy='write "0.6,0.2,0.2"')
    train, valid, test = (number if whole else number * count for number in numbers)
    ends = (train, train + valid / 2, train + valid, train + valid + test)
    return tuple(round(end) for end in ends)


def _parts(panel: Panel, ends: tuple[int, ...]) -> np.ndarray:
    """Return the part of each row, (N,), -1 where it is in none; each series is parted by the same shares."""
    whole = len(panel.values)
    part = np.full(whole, -1)
    for low, high in zip(panel.start[:-1].tolist(), panel.start[1:].tolist()):
        cuts = [round(end / max(whole, 1) * (high - low)) for end in ends]
        for at, (begin, end) in enumerate(zip((0, *cuts), cuts)):
            part[low + begin : low + end] = at
    return part


def _said(ends: tuple[int, ...]) -> str:
    train, valid, calibration, test = np.diff([0, *ends]).tolist()
    return f"by time, earliest first: {train} rows to learn from, {valid} choose, {calibration} calibrate, {test} judge"
