"""Columns of one group side by side: their specs as one, their values as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from glia.core.errors import UsageError
from glia.core.names import listed
from glia.core.parts import Column
from glia.core.values import Spec

__all__ = ["joined", "stacked"]


def stacked(specs: Sequence[Spec]) -> Spec:
    """Return one spec for features, channels or texts put side by side.

    Raises:
        UsageError: Pictures or sounds of different sizes.
    """
    first = specs[0]
    if len(specs) == 1:
        return first
    names = tuple(name for spec in specs for name in spec.names)
    if first.axes == ("time",):
        labels = tuple(label for spec in specs for label in (spec.classes or ((),))[0])
        return Spec(first.axes, first.size, first.dtype, names=names, classes=(labels,))
    if first.axes != ("feature",):
        if any(spec.size[1:] != first.size[1:] for spec in specs):
            raise UsageError(
                "sizes_differ",
                f"the columns {listed(names)} hold pictures or sounds of different sizes",
                remedy="give them one size, or leave one out with --columns NAME=constant",
            )
        channels = sum(spec.size[0] or 0 for spec in specs)
        center, spread = (tuple(one for spec in specs for one in getattr(spec, at)) for at in ("center", "spread"))
        return Spec(first.axes, (channels, *first.size[1:]), first.dtype, names, center=center, spread=spread)
    return Spec(
        ("feature",),
        (sum(spec.width for spec in specs),),
        specs[0].dtype,
        names=names,
        classes=_chained([spec.classes for spec in specs]),
        edges=_chained([spec.edges for spec in specs]),
    )


def joined(group: str, columns: Sequence[Column], parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return the values of several columns side by side; texts follow one another, each with codes of its own.

    Args:
        group: What they travel as.
        columns: Columns, those of the group among them.
        parts: (N, ...) the values of each column of the group.
    """
    if len(parts) == 1:
        return parts[0]
    if group != "token":
        return np.concatenate(parts, axis=1)
    specs = [column.specs()[group] for column in columns if group in column.specs()]
    start = np.cumsum([0, *(spec.cardinalities[0] for spec in specs)])
    codes = np.concatenate([np.where(part > 0, part + at, 0) for part, at in zip(parts, start)], axis=1)
    # Padding stands at the end of a row and nowhere else.
    return np.take_along_axis(codes, np.argsort(codes == 0, axis=1, kind="stable"), axis=1).astype(np.int32)


def _chained(parts: list[Any]) -> Any:
    """Return tuples as one; nothing where one of them is not there."""
    return None if None in parts else tuple(one for part in parts for one in part)
