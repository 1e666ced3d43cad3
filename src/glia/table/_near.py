"""Pairs of nearly equal pictures among many: candidates by bands of their hashes, then small copies compared."""

from __future__ import annotations

import numpy as np

from glia.columns._looks import Looks

__all__ = ["near_pairs"]

_BANDS, _BITS = 8, 8
_REACH = 32  # neighbors in the order of hashes that are looked at within a band
_FAR = 6  # bits that may differ
_ALIKE, _APART = 0.99, 6.0
_CHUNK = 4096


def near_pairs(looks: Looks, alike: float = _ALIKE) -> np.ndarray:
    """Return pairs of pictures that are nearly the same: resized, compressed again, made a little brighter.

    Hashes that differ in few of 64 bits agree in some of eight bands of eight, so rows are sorted from each band
    on and only neighbors are compared. What differs in at most six bits is a pair where
    small grey copies correlate by 0.99 and differ by 6 of 255 steps on average, brightness apart.

    Args:
        looks: What small copies of N pictures show.
        alike: The least correlation.

    Returns:
        (P, 2) int64 rows, the smaller first; blank pictures are in no pair.

    Example:
        >>> from glia.columns._looks import looks
        >>> from glia.core.raw import Raw
        >>> picture = np.random.default_rng(0).integers(0, 200, (1, 32, 32)).astype(np.uint8)
        >>> rows = np.concatenate([picture, 255 - picture, picture + 1])
        >>> near_pairs(looks(Raw(rows, np.ones(3, bool)))).tolist()
        [[0, 2]]
    """
    rows = np.flatnonzero(looks.fine & ~looks.blank)
    hashes = looks.hashes[rows]
    codes = np.concatenate([_candidates(hashes, band) for band in range(_BANDS)])
    pairs = rows[np.stack(np.divmod(codes, max(len(rows), 1)), axis=1)]
    # Several bands find the same pair, but few are verified: sorting all would take longer than looking twice.
    return np.unique(pairs[_verified(looks.thumbs, pairs, alike)], axis=0)


def _candidates(hashes: np.ndarray, band: int) -> np.ndarray:
    """Return (C,) pairs of places, as first * N + second, whose hashes are near in the order of a band."""
    shift = band * _BITS
    # A shift by all 64 bits is none that a processor knows.
    turned = hashes if not shift else (hashes << np.uint64(shift)) | (hashes >> np.uint64(64 - shift))
    order = np.argsort(turned)
    turned = turned[order]
    found = []
    for step in range(1, min(_REACH, len(order) - 1) + 1):
        here = np.flatnonzero(np.bitwise_count(turned[:-step] ^ turned[step:]) <= _FAR)
        left, right = order[here], order[here + step]
        found.append(np.minimum(left, right) * len(hashes) + np.maximum(left, right))
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _verified(thumbs: np.ndarray, pairs: np.ndarray, alike: float) -> np.ndarray:
    """Return the places of the pairs whose small copies are alike.

    Vectors of length one that correlate by r are sqrt(2 - 2 r) apart, and their averages over 4 x 4 squares can
    only be closer; so these few numbers rule out nearly all pairs.
    """
    flat = thumbs.reshape(len(thumbs), 256).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    unit = flat / np.maximum(length, 1e-6)
    coarse = 4 * unit.reshape(len(thumbs), 4, 4, 4, 4).mean(axis=(2, 4)).reshape(len(thumbs), 16)
    most = 2 - 2 * alike
    good = np.flatnonzero(_square(coarse, pairs) <= most)
    good = good[_square(unit, pairs[good]) <= most]
    left, right = pairs[good].T
    return good[np.abs(flat[left] - flat[right]).mean(axis=1) <= _APART]


def _square(points: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return (P,) squared distances between points."""
    found = np.empty(len(pairs), np.float32)
    for start in range(0, len(pairs), _CHUNK):  # small pieces stay in the processor's cache
        left, right = pairs[start : start + _CHUNK].T
        difference = points.take(left, axis=0)
        difference -= points.take(right, axis=0)
        found[start : start + _CHUNK] = np.einsum("pd,pd->p", difference, difference)
    return found
