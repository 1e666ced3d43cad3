"""How far a code lies from those of ordinary rows.

Legend: N = rows, Z = numbers of a code.
"""

from __future__ import annotations

import numpy as np

__all__ = ["apart", "cloud", "crossed"]

_JOINT = 64
"""Codes of more numbers are looked at number by number: a matrix of them all would swell the bundle."""


def cloud(codes: np.ndarray) -> list[list[float]]:
    """Return where codes (N, Z) lie: their center, then the rows of a matrix that makes them a round cloud of spread 1.

    The covariance leans toward its diagonal, the more the fewer rows there are for each number.

    Example:
        >>> g = np.random.default_rng(0)
        >>> long = g.normal(size=(500, 2)) * [10, 1]
        >>> apart(np.array([[10.0, 0.0], [0.0, 10.0]]), cloud(long)).round(1).tolist()
        [-0.2, 2.0]
    """
    rows, numbers = codes.shape
    center, moved = codes.mean(0), codes - codes.mean(0)
    spread = np.maximum((moved**2).mean(0), 1e-12)
    if numbers > _JOINT:
        return [center.tolist(), (1 / np.sqrt(spread)).tolist()]
    lean = numbers / (rows + numbers)
    covariance = (1 - lean) * moved.T @ moved / rows + np.diag(lean * spread + 1e-9 * spread.max())
    return [center.tolist(), *np.linalg.cholesky(np.linalg.inv(covariance)).T.tolist()]


def apart(codes: np.ndarray, where: list[list[float]]) -> np.ndarray:
    """Return the logarithm of each code's distance from the center of a cloud (Mahalanobis 1936), (N,)."""
    moved = codes - np.array(where[0])
    numbers = moved.shape[1]
    turned = moved * np.array(where[1]) if len(where) == 2 < numbers + 1 else moved @ np.array(where[1:]).T
    return np.log(np.sqrt((turned**2).mean(1)) + 1e-9)


def crossed(codes: np.ndarray) -> np.ndarray:
    """Return the distance of each code from the cloud of the other half: its own would make it look too usual."""
    found = np.zeros(len(codes))
    for half in (0, 1):
        found[half::2] = apart(codes[half::2], cloud(codes[1 - half :: 2]))
    return found
