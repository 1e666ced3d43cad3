"""Intervals: how far a measured value may be from the true one, by Wilson's formula or by resampling units.

Legend of shapes: N = rows, U = units (rows, or groups of rows that belong together), R = resamples.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from glia.core.values import derived

__all__ = ["bootstrap", "effective", "jackknifed", "resampled", "wilson"]

LEVEL = 0.95
RESAMPLES = 1000
BLOCKS = 200
_CHUNK = 64
"""Resamples drawn at once; few enough to stay near the processor at 16,000 rows."""
_NORMAL = NormalDist()


def wilson(hits: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of a share of independent rows.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22
    (1927).

    Args:
        hits: How many of the rows had it.
        n: How many rows there were.
        level: How often the interval should hold the true share.

    Example:
        >>> tuple(round(end, 3) for end in wilson(10, 10))
        (0.722, 1.0)
    """
    z2 = _NORMAL.inv_cdf(0.5 + level / 2) ** 2
    center = (hits + z2 / 2) / (n + z2)
    reach = (z2 * (hits * (n - hits) / n + z2 / 4)) ** 0.5 / (n + z2)
    return max(center - reach, 0.0), min(center + reach, 1.0)


def resampled(places: np.ndarray, seed: int, resamples: int = RESAMPLES) -> Iterator[np.ndarray]:
    """Yield how often each row occurs in resamples of the units, some resamples at a time.

    Args:
        places: (N,) the unit of each row, numbered from 0; ``np.arange(N)`` where every row is its own.
        seed: The seed of the run.
        resamples: How many resamples in all.

    Yields:
        (R, N) float64 counts; the memory behind them runs along resamples, which the metrics make use of.

    Example:
        >>> sum(len(counts) for counts in resampled(np.arange(5), seed=0, resamples=100))
        100
    """
    units = int(places.max()) + 1
    generator = np.random.default_rng(derived(seed, "resample"))
    alone = units == len(places)
    for start in range(0, resamples, _CHUNK):
        width = min(_CHUNK, resamples - start)
        drawn = generator.integers(0, units, (width, units), dtype=np.int32)
        counts_UR = np.empty((units, width))
        for r in range(width):
            counts_UR[:, r] = np.bincount(drawn[r], minlength=units)
        yield (counts_UR if alone else counts_UR[places]).T


def jackknifed(places: np.ndarray, seed: int, blocks: int = BLOCKS) -> np.ndarray:
    """Return counts (R, N) that leave out one block of units at a time, or one unit where they are few."""
    units = int(places.max()) + 1
    generator = np.random.default_rng(derived(seed, "jackknife"))
    block = generator.permutation(units) % min(blocks, units)
    return (block[places][:, None] != np.arange(min(blocks, units))).astype(np.float64).T


def bootstrap(
    value: float, drawn: np.ndarray, few: float, left_out: np.ndarray | None = None, level: float = LEVEL
) -> tuple[float, float]:
    """Return the bootstrap interval, widened for small samples.

    Sources: B. Efron, Better bootstrap confidence intervals, JASA 82 (1987); T. Hesterberg, What teachers
    should know about the bootstrap, The American Statistician 69 (2015), section 3.3, on the widening.

    Args:
        value: The metric of all rows.
        drawn: (R,) the metric of resamples; NaN where a resample has none.
        few: How many units the metric hangs on, see :func:`effective`.
        left_out: (G,) the metric with one block of units left out, which says how skewed it is. Then the
            interval is bias-corrected and accelerated, otherwise it consists of percentiles. So it does where
            draws pile up at an end of the scale (a perfect ranking, an error clipped at 0): the correction
            presumes that they spread smoothly.
        level: How often the interval should hold the true value.
    """
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn) or not np.isfinite(value):
        return float("nan"), float("nan")
    reach = _student(0.5 + level / 2, max(few - 1, 1)) * (few / max(few - 1, 1)) ** 0.5
    piled = max(np.mean(drawn == drawn.min()), np.mean(drawn == drawn.max())) > (1 - level) / 2
    bias, skew = (0.0, 0.0) if left_out is None or piled else _bias_and_skew(value, drawn, left_out)
    z = np.array([bias - reach, bias + reach])
    shares = [_NORMAL.cdf(end) for end in bias + z / np.maximum(1 - skew * z, 1e-3)]
    low, high = np.quantile(drawn, shares)
    return float(low), float(high)


def effective(sizes: np.ndarray) -> float:
    """Return how many rows a mean over classes hangs on: all when classes are even, the rarest if not.

    Source: B. L. Welch, The generalization of Student's problem, Biometrika 34 (1947), with equal variances.

    Args:
        sizes: How many rows each class has; classes without rows do not count.

    Example:
        >>> round(effective(np.array([50, 50]))), round(effective(np.array([990, 10])))
        (100, 10)
    """
    share = 1.0 / sizes[sizes > 0]
    return float(min(share.sum() ** 2 / (share**3).sum(), sizes.sum()))


def _bias_and_skew(value: float, drawn: np.ndarray, left_out: np.ndarray) -> tuple[float, float]:
    left_out = left_out[np.isfinite(left_out)]
    below = (np.mean(drawn < value) + np.mean(drawn <= value)) / 2
    edge = 0.5 / len(drawn)
    pull = left_out.mean() - left_out
    spread = float((pull**2).sum())
    skew = float((pull**3).sum()) / (6.0 * spread**1.5) if spread > 0 else 0.0
    return _NORMAL.inv_cdf(float(np.clip(below, edge, 1 - edge))), skew


def _student(share: float, freedom: float) -> float:
    """Return a quantile of Student's distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, share))
