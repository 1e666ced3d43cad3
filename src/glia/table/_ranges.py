"""Parts by time: which steps windows of each part may end in, so that no target is ever learned from.

Legend of shapes: P = pieces of series, N = windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glia.core.errors import DataError, UsageError
from glia.table._panel import Panel

__all__ = ["PARTS", "Cuts", "cuts_of", "origins"]

PARTS = ("train", "valid", "calibration", "test")
_SHARES = (0.15, 0.05, 0.15)  # valid, calibration, test
_PROMISE = 20  # windows that calibrate a 90 % interval; nine are the fewest that can
_MANY = 50  # series; from then on each gives few windows and all together give enough
_ENOUGH = 200
_LEAST_TRAIN = 8  # windows without which nothing can be learned


@dataclass(frozen=True)
class Cuts:
    """Where parts begin.

    Args:
        begin: (P, 5) int64 first step of each part in each piece, counted from the piece's start, and the end.
        shared: Whether calibration windows are the validation windows, for want of steps.
        reason: How steps were parted, in one sentence.
    """

    begin: np.ndarray
    shared: bool
    reason: str


def cuts_of(
    panel: Panel, horizon: int, lookback: int, request: str | Sequence[float] | None, fresh: np.ndarray | None
) -> Cuts:
    """Return where parts begin.

    Args:
        panel: The series.
        horizon: How many steps are asked for at a time.
        lookback: How many steps a window holds.
        request: ``"8640,2880,2880"`` steps or ``"0.7,0.1,0.2"`` shares of training, validation and test; the later
            half of validation calibrates where it is four horizons long.
        fresh: (T,) bool steps of a test source; the others are parted between training, validation and calibration.

    Raises:
        UsageError: A request that cannot be read.
        DataError: The series are too short for the horizon.
    """
    longest = int(np.diff(panel.start).max(initial=0))
    spans = _spans(panel, fresh)
    span = len(_timeline(panel)) if _dated(panel) and fresh is None else int(np.median(spans))
    given = request is not None
    sizes = _asked(request, span, horizon) if given else _default(spans, span, horizon, fresh is not None)
    for shared in (False, True):
        valid, calibration, test = sizes
        if shared:
            valid, calibration = (valid + calibration, 0) if given else (max(valid, calibration), 0)
        begin = _begin(panel, (valid, calibration, test), fresh, span, _total(request, span) if given else None)
        train = begin[:, 1] - horizon - lookback + 1
        if train.clip(0).sum() >= min(_LEAST_TRAIN, max(1, longest // 8)) and (given or not _starved(begin, horizon)):
            steps = (valid, calibration, test)
            return Cuts(begin, shared or not calibration, _said(panel, begin, steps, shared or not calibration))
        if not given:
            sizes = (horizon, horizon, 0 if fresh is not None else horizon)
    raise _too_short(longest, horizon, lookback)


def origins(panel: Panel, cuts: Cuts, horizon: int, lookback: int, part: str) -> np.ndarray:
    """Return the first target step of each window of a part, (N,) int64 places in the flat buffer, ascending."""
    at = PARTS.index("valid" if cuts.shared and part == "calibration" else part)
    found = []
    for piece, (low, high) in enumerate(zip(panel.start[:-1].tolist(), panel.start[1:].tolist())):
        first = max(int(cuts.begin[piece, at]), lookback)
        found.append(np.arange(low + first, min(low + int(cuts.begin[piece, at + 1]), high) - horizon + 1))
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _dated(panel: Panel) -> bool:
    return panel.clock.kind != "none"


def _spans(panel: Panel, fresh: np.ndarray | None) -> np.ndarray:
    """Return how many steps each piece has that are not of a test source."""
    lengths = np.diff(panel.start)
    if fresh is None:
        return lengths
    return lengths - np.add.reduceat(fresh.astype(np.int64), panel.start[:-1])


def _timeline(panel: Panel) -> np.ndarray:
    return panel.times if len(panel.start) == 2 else np.unique(panel.times)


def _asked(request: str | Sequence[float] | None, span: int, horizon: int) -> tuple[int, int, int]:
    numbers = _read(request)
    if all(0 <= number < 1 for number in numbers):
        if abs(sum(numbers) - 1) > 1e-6:
            raise UsageError("bad_split", f"the shares {request!r} do not sum to 1", remedy='write "0.7,0.1,0.2"')
        numbers = [round(number * span) for number in numbers]
    elif any(number != int(number) or number < 0 for number in numbers) or sum(numbers) > span:
        said = f"{request!r} asks for more than the {span} steps there are" if sum(numbers) > span else "not numbers"
        raise UsageError("bad_split", said, remedy="write steps of training, validation and test")
    _, valid, test = (int(number) for number in numbers)
    calibration = valid // 2 if valid >= 4 * horizon else 0
    return valid - calibration, calibration, test


def _total(request: str | Sequence[float] | None, span: int) -> int:
    """Return how many of the steps a request speaks of; the first ones are meant."""
    numbers = _read(request)
    return span if all(0 <= number < 1 for number in numbers) else int(sum(numbers))


def _read(request: str | Sequence[float] | None) -> list[float]:
    try:
        words = request.split(",") if isinstance(request, str) else list(request or ())
        numbers = [float(word) for word in words]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 3:
        raise UsageError(
            "bad_split",
            f"{request!r} is no split into training, validation and test",
            remedy='write "8640,2880,2880" or "0.7,0.1,0.2"',
        )
    return numbers


def _default(spans: np.ndarray, span: int, horizon: int, later: bool) -> tuple[int, int, int]:
    if len(spans) >= _MANY:
        size = horizon + -(-_ENOUGH // len(spans)) - 1
        return size, size, 0 if later else size
    valid, calibration, test = (max(horizon, round(share * span)) for share in _SHARES)
    calibration = max(calibration, min(horizon + _PROMISE - 1, span // 8))
    return valid, calibration, 0 if later else test


def _begin(
    panel: Panel, sizes: tuple[int, int, int], fresh: np.ndarray | None, span: int, total: int | None
) -> np.ndarray:
    """Return the first step of each part in each piece, and the end, (P, 5)."""
    lengths = np.diff(panel.start)
    back = np.array([sum(sizes), sum(sizes[1:]), sizes[2], 0])
    if fresh is not None or not _dated(panel):
        ends = _spans(panel, fresh) if total is None else np.minimum(_spans(panel, fresh), total)
        begin = np.column_stack([np.zeros(len(ends), np.int64), np.maximum(ends[:, None] - back, 0)])
        begin[:, 4] = lengths if fresh is not None else ends
        return begin
    # Parts end on one day for all series: what others did on a test day must not be learned either.
    line, last = _timeline(panel), total or span
    begin = np.zeros((len(lengths), 5), np.int64)
    for at, place in enumerate((last - back).clip(0).tolist(), 1):
        for piece, low in enumerate(panel.start[:-1].tolist()):
            times = panel.times[low : low + lengths[piece]]
            inside = len(times) if place >= len(line) else int(np.searchsorted(times, line[place]))
            begin[piece, at] = place if len(lengths) == 1 else inside
    return begin


def _starved(begin: np.ndarray, horizon: int) -> bool:
    """Return whether parts take more of the steps than training keeps."""
    return bool((begin[:, 1] < 2 * horizon).all())


def _said(panel: Panel, begin: np.ndarray, sizes: tuple[int, int, int], shared: bool) -> str:
    valid, calibration, test = sizes
    train = int(np.median(begin[:, 1]))
    held = f"{valid} choose and calibrate" if shared else f"{valid} choose, {calibration} calibrate"
    count = f" of each of {len(panel.names)} series (typically)" if len(panel.names) > 1 else ""
    judged = f", {test} judge" if test else ", those of the test source judge"
    return f"by time, earliest first: {train} steps{count} to learn from, {held}{judged}"


def _too_short(longest: int, horizon: int, lookback: int) -> DataError:
    most, seen = max(longest // 6, int(longest >= 4)), longest - 4 * horizon - longest // 8 - 1
    said = f"the longest series has {longest} steps, too few to learn {horizon} steps ahead from {lookback} before them"
    remedy = "bring longer series"
    if most and horizon > most:
        remedy += f", or ask for at most {most} step{'s' * (most > 1)} with --horizon"
    elif 0 < seen < lookback:
        remedy += f", or let at most {seen} step{'s' * (seen > 1)} be seen with --lookback"
    return DataError("history_too_short", said, remedy=remedy)
