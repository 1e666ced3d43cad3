"""The cycle that series repeat in, and the error of repeating the last one.

Legend of shapes: T = steps of all series one after another, A = variables asked for, P = pieces, S = series.
"""

from __future__ import annotations

import numpy as np

from glia.table._panel import Panel

__all__ = ["naive_error", "season_of"]

_SERIES = 50  # of the longest series are looked at
_STEPS = 20_000
_LONGEST = 400
_CLEAR = 0.2  # autocorrelation of changes that a cycle must show


def season_of(panel: Panel, places: list[int], fresh: np.ndarray | None) -> tuple[int, str]:
    """Return the steps of the clearest cycle, and why; 1 where series do not repeat.

    What a step's length suggests (24 hours, 7 days, 12 months) is taken where the series show it; else the lag at
    which their changes resemble themselves most.

    Args:
        panel: The series.
        places: The variables asked for.
        fresh: (T,) bool steps that must not be looked at.
    """
    order = np.argsort(-np.diff(panel.start), kind="stable")[:_SERIES]
    total = np.zeros(_LONGEST + 1)
    count = 0
    for piece in order.tolist():
        inside = slice(int(panel.start[piece]), int(panel.start[piece + 1]))
        values = panel.values[inside][:, places]
        values = values if fresh is None else values[~fresh[inside]]
        for column in values[: int(0.8 * len(values))][-_STEPS:].T:  # the last fifth may be test rows
            found = _autocorrelation(column)
            if found is not None:
                total[: len(found)] += found
                count += 1
    if not count:
        return 1, "the series are too short or too constant to show a cycle"
    likeness = total / count
    known = panel.clock.season
    if 1 < known <= _LONGEST and likeness[known] >= _CLEAR:
        return known, f"{known} steps of {panel.clock}, which the series repeat in ({likeness[known]:.2f})"
    peaks = [lag for lag in range(3, _LONGEST) if likeness[lag] == likeness[max(1, lag - 2) : lag + 3].max()]
    best = max(peaks, key=lambda lag: likeness[lag], default=1)
    if best == 1 or likeness[best] < _CLEAR:
        return 1, f"no cycle is clear (best: {best} steps, {likeness[best]:.2f})"
    # A multiple of a cycle is as alike as the cycle itself; the shortest nearly as good one is meant.
    best = next(lag for lag in peaks if likeness[lag] >= 0.85 * likeness[best])
    return best, f"{best} steps, at which changes resemble themselves most ({likeness[best]:.2f})"


def naive_error(panel: Panel, places: list[int], season: int, ends: np.ndarray) -> np.ndarray:
    """Return the mean absolute error of the value one season before, (S, A), by which MASE divides.

    Source: R. Hyndman, A. Koehler, *Another look at measures of forecast accuracy*, 2006.

    Args:
        panel: The series.
        places: The variables asked for.
        season: Steps of the cycle.
        ends: (P,) how many steps of each piece were trained on.
    """
    total = np.zeros((len(panel.names), len(places)))
    count = np.zeros_like(total)
    for piece, (low, end) in enumerate(zip(panel.start[:-1].tolist(), np.asarray(ends).tolist())):
        real = panel.row[low : low + end] >= 0
        values = np.where(real[:, None], panel.values[low : low + end][:, places], np.nan)
        lag = season if len(values) > season else 1
        gaps = np.abs(values[lag:] - values[:-lag])
        total[panel.series[piece]] += np.nansum(gaps, 0)
        count[panel.series[piece]] += (~np.isnan(gaps)).sum(0)
    error = total / np.maximum(count, 1)
    # A series that never changed has no error to divide by; it takes the mean of the others.
    middle = error[error > 0].mean() if (error > 0).any() else 1.0
    return np.where(error > 0, error, middle)


def _autocorrelation(values: np.ndarray) -> np.ndarray | None:
    """Return how alike changes are at each lag, from 0 on; nothing where there is nothing to compare."""
    changes = np.diff(values[~np.isnan(values)])
    most = min(_LONGEST, len(changes) // 2)
    if most < 4 or changes.std() <= 1e-12 * (np.abs(values[~np.isnan(values)]).max() + 1e-300):
        return None
    changes = (changes - changes.mean()) / changes.std()
    size = 1 << int(np.ceil(np.log2(2 * len(changes))))
    power = np.abs(np.fft.rfft(changes, size)) ** 2
    found: np.ndarray = np.fft.irfft(power)[: most + 1] / len(changes)
    return found
