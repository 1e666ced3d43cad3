"""The rule of the Numenta Anomaly Benchmark: what an alarm is worth, by where it is raised.

Source: A. Lavin, S. Ahmad, *Evaluating real-time anomaly detection algorithms*, 2015, https://arxiv.org/abs/1510.03336,
and the sweeper of its public code. Legend of shapes: N = rows, W = windows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["contributions", "swept"]

_FALSE = 0.11  # what a false alarm costs at most; a missed window costs 1, an early alarm inside one is worth 1


def contributions(score: np.ndarray, inside: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Return what each row is worth at a threshold, and where windows begin, (N,) float64 each.

    The worth of a window, its best alarm or -1 where it is missed, is that of its first row; false alarms count where
    they are.
    """
    worth, window, begin = _worth(inside)
    alarm = score >= threshold
    found = np.where(alarm & (window < 0), worth, 0.0)
    best = np.full(len(begin), -1.0)
    hits = alarm & (window >= 0)
    np.maximum.at(best, window[hits], worth[hits])
    windows = np.zeros(len(score))
    found[begin], windows[begin] = best, 1.0
    return found, windows


def swept(series: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """Return the best score over series with one threshold for all, up to 100, and that threshold.

    Args:
        series: Scores, larger = stranger, and whether a row is in a labeled window, in the order of time each.

    Example:
        >>> swept([(np.array([0.0, 9, 0]), np.array([False, True, False]))])
        (100.0, 9.0)
    """
    scores, worths, windows, offset = [], [], [], 0
    for score, inside in series:
        worth, window, begin = _worth(np.asarray(inside, bool))
        scores.append(np.asarray(score, np.float64))
        worths.append(worth)
        windows.append(np.where(window >= 0, window + offset, -1))
        offset += len(begin)
    if not offset:
        return float("nan"), float("inf")
    score, worth, window = (np.concatenate(parts) for parts in (scores, worths, windows))
    order = np.argsort(-score, kind="stable")
    gained = np.where(window < 0, worth, 0.0)[order]
    for one in range(offset):  # what each further row of a window adds to its best alarm so far
        places = np.flatnonzero(window[order] == one)
        so_far = np.maximum.accumulate(np.concatenate([[-1.0], worth[order][places]]))
        gained[places] = np.diff(so_far)
    total = np.cumsum(gained) - offset
    last = np.append(np.diff(score[order]) != 0, True)  # rows of one score are above the threshold together
    best = int(np.flatnonzero(last)[total[last].argmax()])
    if total[best] <= -offset:
        return 0.0, float("inf")
    return 50 * (float(total[best]) + offset) / offset, float(score[order][best])


def _worth(inside: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what an alarm at each row is worth, the window each row is in or -1, and where windows begin, (W,)."""
    rows = np.arange(len(inside))
    padded = np.concatenate([[False], inside, [False]])
    begin, end = np.flatnonzero(padded[1:-1] & ~padded[:-2]), np.flatnonzero(padded[1:-1] & ~padded[2:])
    past = np.searchsorted(end, rows, side="left") - 1  # the last window that ended before a row
    window = np.where(inside, np.searchsorted(begin, rows, side="right") - 1, -1)
    if not len(begin):
        return np.full(len(inside), -_FALSE), window, begin
    width = (end - begin + 1).astype(np.float64)
    within = -(end[window] - rows + 1) / width[window]
    after = (rows - end[past]) / np.maximum(width[past] - 1, 1)
    outside = np.where(past >= 0, _FALSE * _sigmoid(after), -_FALSE)
    return np.where(inside, _sigmoid(within) / _sigmoid(np.array(-1.0)), outside), window, begin


def _sigmoid(place: np.ndarray) -> np.ndarray:
    """Return 1 long before the end of a window, 0 at it, -1 long after."""
    return np.where(place > 3, -1.0, 2 / (1 + np.exp(5 * np.minimum(place, 3.0))) - 1)
