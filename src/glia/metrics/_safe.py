"""The one place where numbers are kept from leaving the range in which the formulas hold."""

from __future__ import annotations

import numpy as np

__all__ = ["inside", "mean_where", "ratio"]


def inside(probability: np.ndarray) -> np.ndarray:
    """Return probabilities as float64, moved off 0 and 1 by the rounding error of their own type.

    A probability of exactly 0 is a rounded small one; its logarithm would let a single row outweigh all
    others.

    Example:
        >>> bool(np.isfinite(np.log(inside(np.array([0.0, 1.0]))))[0])
        True
    """
    kind = probability.dtype if probability.dtype.kind == "f" else np.dtype(np.float64)
    edge = float(np.finfo(kind).eps)
    return np.clip(probability.astype(np.float64), edge, 1.0 - edge)


def ratio(above: np.ndarray, below: np.ndarray, otherwise: float = 0.0) -> np.ndarray:
    """Return ``above / below``, and ``otherwise`` where there is nothing to divide by.

    Example:
        >>> ratio(np.array([1.0, 0.0]), np.array([2.0, 0.0])).tolist()
        [0.5, 0.0]
    """
    out = np.full(np.broadcast_shapes(above.shape, below.shape), otherwise)
    return np.divide(above, below, out=out, where=below > 0)


def mean_where(values: np.ndarray, counted: np.ndarray, otherwise: float = 0.0) -> np.ndarray:
    """Return the mean over the last axis of the values that are counted.

    Args:
        values: (R, K) numbers.
        counted: (R, K) bool; classes that do not occur have no recall and must not count as a recall of 0.
        otherwise: The mean of nothing.

    Example:
        >>> mean_where(np.array([[1.0, 9.0]]), np.array([[True, False]])).tolist()
        [1.0]
    """
    return ratio(np.where(counted, values, 0.0).sum(-1), counted.sum(-1), otherwise)
