"""Runs of neighbors that two texts share, counted row by row, so that a corpus is a sum of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

__all__ = ["geometric", "shared"]


def shared(said: Sequence[str], right: Sequence[str], longest: int) -> list[tuple[int, int, int]]:
    """Return, for runs of 1 to ``longest``, how many are said, how many would be right, and how many are both.

    Example:
        >>> shared("a b a".split(), "a b c".split(), 2)
        [(3, 3, 2), (2, 2, 1)]
    """
    found = []
    for length in range(1, longest + 1):
        ours, theirs = _runs(said, length), _runs(right, length)
        both = sum(min(count, theirs[run]) for run, count in ours.items() if run in theirs)
        found.append((sum(ours.values()), sum(theirs.values()), both))
    return found


def geometric(both: np.ndarray, said: np.ndarray, *, smooth: bool) -> np.ndarray:
    """Return the geometric mean of precisions (R, 4) as (R,), from 0 to 1.

    Args:
        both: Runs that are right.
        said: Runs that were said.
        smooth: Whether a length without a right run counts as half of a run, the next as a quarter, and so on; if
            not, the mean is 0 there.
    """
    zero = both == 0
    halves = np.where(smooth, 0.5 ** np.cumsum(zero, axis=1), 0.0)
    right = np.where(zero, halves, both)
    share = right / np.maximum(said, 1e-12)
    with np.errstate(divide="ignore"):
        mean = np.exp(np.log(share).mean(1))
    # Where no run of some length was said at all, or none is right, there is nothing to smooth.
    return np.where((said > 0).all(1) & ~zero.all(1), mean, 0.0)


def _runs(parts: Sequence[str], length: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(parts[start:] for start in range(length))))
