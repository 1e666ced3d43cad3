"""Nearly equal pictures, which make a test easy without anybody noticing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from glia.columns._looks import Looks, looks
from glia.columns._pictures import file_of
from glia.core.finding import Finding
from glia.core.raw import Raw
from glia.table._near import near_pairs
from glia.table.checks._view import View

__all__ = ["check"]

_PER_SECOND = 2_000
_MANY = 0.01
_SMALL = 64


def check(view: View) -> list[Finding]:
    """Find pictures that are nearly the same though their files differ: resized, compressed again, cropped a little.

    Where the table has parts or a test source, pairs across them are a warning when they are one test picture in
    a hundred; others are a note.
    """
    found = []
    for name in view.media:
        if view.kind(name) != "image" or not _affordable(view, name):
            continue
        raw, side = view.raw[name], _sides(view)
        seen = looks(raw)
        if view.test is not None and name in view.test:
            more = view.test[name]
            seen, raw = _joined(seen, looks(more)), _below(raw, more)
            side = np.concatenate([np.zeros(len(view), np.int64), np.ones(len(more), np.int64)])
        small = bool(seen.fine.any()) and np.median(seen.sizes[seen.fine].min(axis=1)) <= _SMALL
        # Two strokes of a pen are alike in so few pixels, and are two strokes all the same.
        pairs = near_pairs(seen, 0.995 if small else 0.99)
        if len(pairs):
            found.append(_finding(view, name, pairs, raw, side))
    return found


def _affordable(view: View, name: str) -> bool:
    tables = [view.raw] if view.test is None or name not in view.test else [view.raw, view.test]
    waiting = sum(len(one) for one in tables if one[name].values.ndim == 1 and "_looks" not in vars(one[name]))
    return waiting / _PER_SECOND <= max(view.left(), 0)


def _sides(view: View) -> np.ndarray | None:
    """Return (N,) codes of the parts that the source has; ``None`` where it has none."""
    if view.raw.part is None:
        return None
    return np.unique(view.raw.part, return_inverse=True)[1]


def _joined(first: Looks, second: Looks) -> Looks:
    return replace(
        first,
        sizes=np.concatenate([first.sizes, second.sizes]),
        thumbs=np.concatenate([first.thumbs, second.thumbs]),
        fine=np.concatenate([first.fine, second.fine]),
    )


def _below(first: Raw, second: Raw) -> Raw:
    values = np.empty(len(first) + len(second), object)
    values[:] = [*first.values, *second.values]
    return Raw(values, np.concatenate([first.present, second.present]))


def _finding(view: View, name: str, pairs: np.ndarray, raw: Raw, side: np.ndarray | None) -> Finding:
    across = pairs if side is None else pairs[side[pairs[:, 0]] != side[pairs[:, 1]]]
    shown = across if len(across) else pairs
    evidence: dict[str, Any] = {"columns": [name], "count": len(pairs), "rows": view.ids(shown[:5].ravel() % len(view))}
    files = [[file_of(raw.values[left]), file_of(raw.values[right])] for left, right in shown[:5].tolist()]
    if any(map(any, files)):
        evidence["files"] = files
    if side is None or not len(across):
        text = f"{len(pairs):,} pairs of pictures in {name!r} are nearly the same"
        remedy = "where they show one thing twice, keep them in one part with --group"
        return Finding("near_pictures", "note", text, evidence, remedy)
    held = min(len(np.unique(across[:, at])) for at in (0, 1))
    evidence["across"] = len(across)
    text = f"{len(across):,} pairs of nearly the same picture in {name!r} lie in different parts"
    remedy = "take them out of one of the two, or trust scores less"
    few = held < _MANY * max(int(np.bincount(side).min()), 1)
    return Finding("near_pictures", "note" if few else "warning", text, evidence, remedy)
