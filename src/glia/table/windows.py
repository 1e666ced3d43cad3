"""Windows of series: what was seen before a moment and what came after, without copying, parted by time.

``windowed(table, ...)`` reads a table of one series or of many, long or wide, and gives :class:`Windows`: for each of
``train``, ``valid``, ``calibration`` and ``test`` the groups that networks take, the targets, what judges want as
truth, and the blocks that intervals resample. All windows of one series are views of one buffer: a table of 17,420
steps has 17,000 windows of 336 and weighs as much as itself. Windows of several pieces are gathered, with a stride
where they would not fit.

Targets of a part lie in that part alone; what a window has seen may reach back into the parts before it. So no window
is ever drawn by chance, and the published protocol for ETTh1 is ``split="8640,2880,2880"``.

Groups: ``"series"`` (N, L, V) float32, the L steps before the origin in raw units, gaps holding the value before
them; ``"future"`` (N, H, K) float32, the calendar (sines and cosines of hour, weekday and year, where steps are short
and the table long enough to show them), then the standardized numbers that are known in advance; ``"number"``,
``"category"``, ``"dense"``: what is static, encoded by a schema of its own. Targets: (N, H, A) float32 in raw units.
Truth: (N, H + 2, A): the same H steps, then the spread of the training rows and the error of the seasonal naive
forecast in the training rows of that very series, by which scaled errors (``mse_scaled``, ``mase``) are measured.

A bundle keeps ``windows.layout.state()``. Later, ``Layout.restored(state).ahead(table)`` gives one window for each
series of a new table, its last one, and the times that are forecast; ``layout.rolling(table)`` gives every window of
a new table with its truth, to be evaluated or backtested.

Legend of shapes: N = windows, L = steps seen, H = steps ahead, V = variables seen, A = variables asked for,
K = values known in advance, T = steps of all series one after another, P = pieces, S = series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from glia.core.errors import DataError, UsageError
from glia.core.raw import RawTable
from glia.core.values import Spec
from glia.table._layout import Ahead, Buffers, Groups, Layout, held
from glia.table._leaks import refuse_leaks
from glia.table._panel import Panel, joined, padded
from glia.table._ranges import PARTS, Cuts, cuts_of, origins
from glia.table._season import naive_error, season_of
from glia.table._series import Roles, panel_of, roles_of
from glia.table.schema import Schema

__all__ = ["Ahead", "Layout", "Windows", "windowed"]

_MOST = 1 << 26
"""Numbers that gathered training windows may hold; a quarter of a gigabyte."""
_UNEVEN = 10.0
"""How much more a lively series may vary than a quiet one before windows are weighed by it."""
_MANY = 50
"""Series from which on one network learns from all of them what each of them is too short to say."""
_SEASONS = 14
"""Seasons that a window sees where there are enough steps: two weeks of hours, fourteen weeks of days."""


@dataclass
class Windows:
    """Windows by part.

    Args:
        inputs: What networks take.
        targets: (N, H, A) steps ahead in raw units.
        truth: The same for ``train``; for the others (N, H + 2, A), with the two scales of each window.
        units: (N,) the block of neighboring windows that each belongs to.
        weight: (N,) float32; where series differ much in size, each weighs by the inverse of its spread.
        when: (N,) the time of the first step ahead.
        series: (N,) the number of the series, see ``names``.
        names: (S,) labels of the series.
        layout: All that a bundle must know.
        reasons: What was decided, and why: ``"split"``, ``"horizon"``, ``"lookback"``, ``"season"``.
        notes: What was found odd.
    """

    inputs: dict[str, Groups]
    targets: Groups
    truth: Groups
    units: Groups
    weight: Groups
    when: Groups
    series: Groups
    names: tuple[str, ...]
    layout: Layout
    reasons: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def specs(self) -> dict[str, Spec]:
        """The spec of each group."""
        return self.layout.specs()

    @property
    def asked(self) -> dict[str, Spec]:
        """The spec of the target."""
        return self.layout.asked()


def windowed(
    table: RawTable,
    targets: Sequence[str] = (),
    *,
    horizon: int | None = None,
    lookback: int | None = None,
    time: str | None = None,
    series: str | None = None,
    known: Sequence[str] = (),
    split: str | Sequence[float] | None = None,
    later: RawTable | None = None,
) -> Windows:
    """Return the windows of a table of series.

    Args:
        table: One series or many; rows that are known to be test rows (``table.part``) go on where the others end.
        targets: The numbers asked for; none = all numbers.
        horizon: Steps ahead; ``None`` = what a test source holds of each series, else one season.
        lookback: Steps seen; ``None`` = fourteen seasons, as long as the training steps allow.
        time: The column of times; ``None`` looks for one, else rows are steps in their order.
        series: The column that tells series apart.
        known: Numbers that are known in advance.
        split: ``"8640,2880,2880"`` steps or ``"0.7,0.1,0.2"`` shares of training, validation and test; ``None`` = the
            last 15 % judge, 5 % before calibrate, 15 % before choose, each at least one horizon (of many series, one).
        later: A test source, whose rows go on where the others end.

    Raises:
        UsageError: The split or a column does not fit.
        DataError: Times cannot be read, or the series are too short.

    Example:
        >>> from glia.core.raw import Origin, Raw
        >>> values = Raw(np.sin(np.arange(400) / 4), np.ones(400, bool))
        >>> windows = windowed(RawTable({"wave": values}, Origin("made", "array")), horizon=5, lookback=20)
        >>> windows.inputs["test"]["series"].shape, windows.targets["test"].shape, windows.truth["test"].shape
        ((56, 20, 1), (56, 5, 1), (56, 7, 1))
    """
    if later is None and table.part is not None and (table.part == "test").any():
        table, later = (table.take(np.flatnonzero((table.part == "test") == is_test)) for is_test in (False, True))
    for name, value in (("horizon", horizon), ("lookback", lookback)):
        if value is not None and value < 1:
            raise UsageError(f"bad_{name}", f"{value} steps are none", remedy=f"ask for a {name} of at least 1")
    notes: list[str] = []
    roles = roles_of(table, targets, time=time, series=series, known=known, notes=notes)
    panel, fresh = panel_of(table, roles, notes=notes), None
    if later is not None:
        after = roles_of(later, (), time=None, series=roles.series, known=(), notes=[]) if roles.steps else roles
        panel, fresh = joined(panel, panel_of(later, after, panel.clock, notes))
    return _cut(table, panel, fresh, roles, horizon, lookback, split)


def _cut(
    table: RawTable,
    panel: Panel,
    fresh: np.ndarray | None,
    roles: Roles,
    horizon: int | None,
    lookback: int | None,
    split: str | Sequence[float] | None,
) -> Windows:
    """Return the windows of a panel whose steps are of a test source where they are fresh."""
    if not len(panel.values):
        raise DataError("no_rows", f"{table.origin.name} has no steps", remedy="bring rows", file=table.origin.path)
    places = [roles.values.index(name) for name in roles.asked]
    season, why = season_of(panel, places, fresh)
    reasons = {"season": why}
    if horizon is None:
        horizon, reasons["horizon"] = _horizon(panel, fresh, season)
    if lookback is None:
        lookback, reasons["lookback"] = _lookback(panel, fresh, horizon, season)
    _refuse_constant(table, panel, roles, places)
    refuse_leaks(table, panel, roles, horizon)
    panel, fresh = padded(panel, fresh, horizon, lookback)
    try:
        cuts = cuts_of(panel, horizon, lookback, split, fresh)
    except DataError as error:
        error.file = error.file or table.origin.path
        raise
    reasons["split"] = cuts.reason
    layout = _learned(table, panel, roles, cuts, (horizon, lookback, season))
    return _parted(table, panel, layout, cuts, reasons)


def _refuse_constant(table: RawTable, panel: Panel, roles: Roles, places: list[int]) -> None:
    """Refuse series of which nothing that is asked for ever changes, in none of them."""
    asked = panel.values[:, places]
    known = asked[~np.isnan(asked)]
    if len(known) and (np.nanmax(asked, 0) == np.nanmin(asked, 0)).all():
        raise DataError(
            "one_value",
            f"every step says {known[0]:g}, so there is nothing to forecast",
            remedy="name a column that changes with --target",
            file=table.origin.path,
            column=roles.asked[0] if not roles.steps else None,
        )


def _horizon(panel: Panel, fresh: np.ndarray | None, season: int) -> tuple[int, str]:
    if fresh is not None and fresh.any():
        return (most := int(np.add.reduceat(fresh.astype(np.int64), panel.start[:-1]).max())), (
            f"{most} steps, as many as the test source holds of a series"
        )
    longest = int(np.diff(panel.start).max())
    horizon = max(1, min(season if season > 1 else 12, longest // 8))
    return horizon, f"{horizon} steps" + (", one season" if horizon == season else "")


def _lookback(panel: Panel, fresh: np.ndarray | None, horizon: int, season: int) -> tuple[int, str]:
    """Return many seasons, of which three windows fit into what a typical series leaves for training."""
    lengths = np.diff(panel.start)
    if fresh is not None:
        lengths = lengths - np.add.reduceat(fresh.astype(np.int64), panel.start[:-1])
    held_out = 0.35 if len(lengths) < 50 and fresh is None else 0.2
    room = int((np.median(lengths) * (1 - held_out) - horizon) / 3)
    wanted = _SEASONS * season if season > 1 else 4 * horizon
    steps = max(1, min(wanted, room, 1024))
    steps = steps // season * season if steps >= season else steps
    return steps, f"{steps} steps" + (
        f", {steps // season} seasons of {season}" if season > 1 and steps >= season else ""
    )


def _learned(table: RawTable, panel: Panel, roles: Roles, cuts: Cuts, sizes: tuple[int, int, int]) -> Layout:
    """Return the layout with what training steps teach."""
    horizon, lookback, season = sizes
    learned = np.concatenate([np.arange(low, low + end) for low, end in zip(panel.start[:-1], cuts.begin[:, 1])])
    learned = learned[panel.row[learned] >= 0]
    center, spread = _moments(panel.values[learned])
    level, reach = _moments(panel.known[learned])
    static = None
    if roles.static:
        first = table.take(panel.first[np.unique(panel.series)])
        chosen = replace(first, columns={name: first[name] for name in roles.static})
        try:
            static = Schema.infer(chosen, targets=(), task="forecast")
        except DataError:
            static = None  # nothing but names of series
        else:
            static.learn(chosen)
    parts = panel.clock.parts(int(cuts.begin[:, 1].max()))
    uneven = _uneven(panel, [roles.values.index(name) for name in roles.asked], cuts)
    return Layout(horizon, lookback, roles, panel.clock, season, parts, center, spread, level, reach, static, uneven)


def _uneven(panel: Panel, places: list[int], cuts: Cuts) -> bool:
    """Return whether there are many series of very different size, none of whose training steps is below zero."""
    pieces = zip(panel.start[:-1].tolist(), cuts.begin[:, 1].tolist())
    inside = [panel.values[low : low + end][:, places] for low, end in pieces if end]
    if len(panel.names) < _MANY or min((float(np.nanmin(one, initial=0.0)) for one in inside), default=-1.0) < 0:
        return False
    sizes = np.array([float(np.nan_to_num(one).mean()) for one in inside])
    low, high = np.quantile(sizes[sizes > 0], (0.1, 0.9)) if (sizes > 0).any() else (1.0, 1.0)
    return bool(high > _UNEVEN * low)


def _moments(values: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and the standard deviation of each column; 1 where it never varies."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(0), 1)
    center = np.where(known, values, 0.0).sum(0) / count
    spread = np.sqrt(np.where(known, (values - center) ** 2, 0.0).sum(0) / count)
    spread = np.where(spread > 1e-9 * np.maximum(np.abs(center), 1e-30), spread, 1.0)
    return tuple(center.tolist()), tuple(spread.tolist())


def _parted(table: RawTable, panel: Panel, layout: Layout, cuts: Cuts, reasons: dict[str, str]) -> Windows:
    buffers = Buffers(panel, layout)
    naive = naive_error(panel, layout.places, layout.season, cuts.begin[:, 1])
    static = layout.still(table, panel.first[panel.series])
    weights = _weights(held(panel, np.asarray(layout.center))[:, layout.places], panel, cuts)
    found = Windows({}, {}, {}, {}, {}, {}, {}, panel.names, layout, reasons, panel.notes)
    for part in PARTS:
        places = buffers.whole(origins(panel, cuts, layout.horizon, layout.lookback, part), layout)
        if part == "train":
            places = _thinned(places, layout, panel.notes)
        found.inputs[part] = buffers.groups(places, layout, static)
        found.targets[part] = buffers.target(places, layout)
        judged = part != "train"
        found.truth[part] = buffers.truth(places, layout, naive) if judged else found.targets[part]
        found.units[part] = buffers.blocks(places, layout.horizon)
        found.weight[part] = weights[buffers.piece[places]]
        found.when[part] = panel.times[places]
        found.series[part] = panel.series[buffers.piece[places]]
    if not len(found.targets["train"]):
        raise DataError(
            "all_gaps",
            f"every training window holds a gap among its targets; of {len(panel.row):,} steps of {panel.clock}, "
            f"{int((panel.row < 0).sum()):,} have no row",
            remedy="bring the rows at even steps, such as means of a day, or ask for fewer steps with --horizon",
            file=table.origin.path,
        )
    return found


def _thinned(places: np.ndarray, layout: Layout, notes: list[str]) -> np.ndarray:
    """Return the origins of training windows: of several pieces, as many as memory should hold."""
    if not len(places) or places[-1] - places[0] + 1 == len(places):
        return places
    size = (layout.lookback + layout.horizon) * len(layout.roles.values)
    step = -(-len(places) * size // _MOST)
    if step > 1:
        notes.append(f"one training window in {step} is learned from, since all of them would not fit into memory")
    return places[::step]


def _weights(values: np.ndarray, panel: Panel, cuts: Cuts) -> np.ndarray:
    """Return the weight of each piece's windows, (P,): by the inverse of its spread where series differ much."""
    pieces = zip(panel.start[:-1].tolist(), cuts.begin[:, 1].tolist())
    spread = np.array([float(values[low : low + max(end, 1)].std(0).mean()) for low, end in pieces])
    moving = spread[spread > 0]
    if len(panel.names) < 2 or not len(moving):
        return np.ones(len(spread), np.float32)
    low, high = np.quantile(moving, 0.1, method="lower"), np.quantile(moving, 0.9, method="higher")
    if high < _UNEVEN * low:
        return np.ones(len(spread), np.float32)
    inverse = 1 / np.maximum(spread, low)
    return (inverse / inverse.mean()).astype(np.float32)
