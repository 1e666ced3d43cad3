"""Small looks at many pictures at once: sizes, brightness, contrast, and a hash that nearly equal ones share.

Legend: N = pictures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from glia.columns._pictures import THUMB, Bad, Look, each, look
from glia.core.finding import Finding
from glia.core.raw import Raw

__all__ = ["Looks", "looks"]

_BINS = 16
_TINY = 8
_BLANK = 1.0  # standard deviation of the grey values of a small copy
_CHUNK = 4096
_WAVES = 8


@dataclass(frozen=True)
class Looks:
    """What small copies of N pictures show.

    Args:
        sizes: (N, 2) heights and widths; 0 where there is no picture.
        thumbs: (N, 16, 16) uint8 grey.
        colored: (N,) bool.
        moves: (N,) bool, whether a file holds several frames.
        fine: (N,) bool, whether there is a picture and it can be read.
        top: The largest value of pictures of more than 8 bits, 0 where there is none.
        bad: What cannot be read.
    """

    sizes: np.ndarray
    thumbs: np.ndarray
    colored: np.ndarray
    moves: np.ndarray
    fine: np.ndarray
    top: float
    bad: list[Bad]

    @cached_property
    def brightness(self) -> np.ndarray:
        """(N,) mean grey value."""
        return self.thumbs.mean(axis=(1, 2))

    @cached_property
    def contrast(self) -> np.ndarray:
        """(N,) standard deviation of grey values."""
        found = np.empty(len(self.thumbs))
        for start in range(0, len(found), _CHUNK):  # pieces stay in the processor's cache
            found[start : start + _CHUNK] = self.thumbs[start : start + _CHUNK].std(axis=(1, 2))
        return found

    @cached_property
    def hashes(self) -> np.ndarray:
        """(N,) uint64: 64 signs of mixtures of slow waves in each picture, nearly all equal for nearly equal ones.

        Two pictures differ in a share of signs that is their angle over pi: Charikar, "Similarity estimation
        techniques from rounding algorithms" (2002). Waves are weighted so that the slowest do not rule alone.
        """
        waves = np.cos(np.pi * np.outer(np.arange(_WAVES), 2 * np.arange(THUMB) + 1) / (2 * THUMB))
        speed = np.hypot(*np.indices((_WAVES, _WAVES)))
        mixture = np.random.default_rng(0).normal(size=(64, _WAVES, _WAVES)) * np.sqrt(speed)
        planes = np.einsum("bij,iy,jx->byx", mixture, waves, waves).reshape(64, -1).astype(np.float32)
        hashes = np.zeros(len(self.thumbs), np.uint64)
        for start in range(0, len(self.thumbs), _CHUNK):
            some = self.thumbs[start : start + _CHUNK].reshape(-1, THUMB * THUMB).astype(np.float32)
            some -= some.mean(axis=1, keepdims=True)
            bits = np.packbits(some @ planes.T > 0, axis=1)
            hashes[start : start + _CHUNK] = np.ascontiguousarray(bits).view(">u8")[:, 0]
        return hashes

    @property
    def blank(self) -> np.ndarray:
        """(N,) bool, whether a picture shows nothing."""
        return self.fine & (self.contrast < _BLANK)

    @property
    def tiny(self) -> np.ndarray:
        """(N,) bool, whether a picture is too small to show anything."""
        return self.fine & (self.sizes.min(axis=1) < _TINY)

    def histograms(self) -> dict[str, np.ndarray]:
        """Return counts over 16 bins of brightness, contrast and size (each bin twice as wide), and what is missing."""
        fine = self.fine
        side = np.sqrt(np.maximum(self.sizes[fine].prod(axis=1), 1).astype(np.float64))
        gone = 1 - fine.mean() if len(fine) else 0.0
        return {
            "brightness": _counts(self.brightness[fine], 256.0),
            "contrast": _counts(self.contrast[fine], 128.0),
            "size": _counts(np.log2(side), float(_BINS)),
            "missing": np.array([gone], np.float32),
        }

    def findings(self, name: str) -> list[Finding]:
        """Return notes on moving, tiny and blank pictures."""
        found = []
        for code, where, said, then in (
            ("moving_pictures", self.moves & self.fine, "have several frames", "the first frame counts"),
            ("tiny_pictures", self.tiny, f"have fewer than {_TINY} rows or columns", "they count as they are"),
            ("blank_pictures", self.blank, "show one color only", "they count as they are"),
        ):
            if where.any():
                count = int(where.sum())
                evidence = {"column": name, "row": int(where.argmax()), "count": count}
                text = f"{count} of {len(where)} pictures of {name!r} {said}"
                found.append(Finding(code, "note", text, evidence, then))
        return found


def _counts(values: np.ndarray, top: float) -> np.ndarray:
    bins = np.clip((values * (_BINS / top)).astype(np.int64), 0, _BINS - 1)
    return np.bincount(bins, minlength=_BINS).astype(np.int64)


def looks(raw: Raw) -> Looks:
    """Return a look at each picture; values that were looked at before are not read again.

    Args:
        raw: (N,) paths or bytes of pictures, or (N, H, W) or (N, H, W, C) pixels.

    Example:
        >>> found = looks(Raw(np.zeros((2, 20, 30), np.uint8), np.ones(2, bool)))
        >>> found.sizes.tolist(), found.blank.tolist()
        ([[20, 30], [20, 30]], [True, True])
    """
    kept: dict[str, Looks] = vars(raw).setdefault("_looks", {})
    if "all" not in kept:
        kept["all"] = _of_arrays(raw) if raw.values.ndim > 2 else _of_files(raw)
    return kept["all"]


def _of_files(raw: Raw) -> Looks:
    n = len(raw)
    seen: list[Look | None] = [None] * n
    rows = np.flatnonzero(raw.present)

    def work(at: int, value: Any) -> None:
        seen[rows[at]] = look(value)

    bad = each(raw, rows, work)
    found = [(row, one) for row, one in enumerate(seen) if one is not None]
    at = np.array([row for row, _ in found], np.int64)
    sizes, thumbs = np.zeros((n, 2), np.int64), np.zeros((n, THUMB, THUMB), np.uint8)
    colored, moves, fine = np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, bool)
    if found:
        sizes[at] = [(one.height, one.width) for _, one in found]
        thumbs[at] = [one.thumb for _, one in found]
        colored[at] = [one.colored for _, one in found]
        moves[at] = [one.moves for _, one in found]
        fine[at] = True
    return Looks(sizes, thumbs, colored, moves, fine, max((one.top for _, one in found), default=0.0), bad)


def _of_arrays(raw: Raw) -> Looks:
    """Look at pixels without opening each picture for itself."""
    n, height, width = raw.values.shape[:3]
    down, across = _areas(height), _areas(width)
    thumbs, colored = np.zeros((n, THUMB, THUMB), np.uint8), np.zeros(n, bool)
    for start in range(0, n, _CHUNK):
        some = raw.values[start : start + _CHUNK]
        if some.ndim == 4:
            color = some[..., :3].astype(np.int16) if some.shape[3] > 2 else None
            if color is not None:
                colored[start : start + _CHUNK] = np.ptp(color, axis=3).max(axis=(1, 2), initial=0) > 3
            some = some[..., 0] if color is None else color @ np.array([0.299, 0.587, 0.114], np.float32)
        thumbs[start : start + _CHUNK] = np.round(down @ some.astype(np.float32) @ across.T).clip(0, 255)
    sizes = np.tile(np.array([height, width]), (n, 1)) * raw.present[:, None]
    return Looks(sizes, thumbs, colored & raw.present, np.zeros(n, bool), raw.present.copy(), 0.0, [])


def _areas(length: int) -> np.ndarray:
    """Return (16, length) float32 weights that average pixels into 16 equal stretches."""
    edges = np.linspace(0, length, THUMB + 1)
    low = np.maximum(edges[:-1, None], np.arange(length))
    high = np.minimum(edges[1:, None], np.arange(1, length + 1))
    return (np.clip(high - low, 0, None) * THUMB / max(length, math.ulp(1))).astype(np.float32)
