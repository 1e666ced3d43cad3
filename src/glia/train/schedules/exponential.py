"""The same share lost in the same time."""

from __future__ import annotations

from typing import Annotated

from glia.core.constraints import Range
from glia.train.schedules._warmup import Share, rise

__all__ = ["exponential"]


def exponential(progress: float, *, warmup: Share = 0.0, floor: Annotated[float, Range(1e-9, 1)] = 0.01) -> float:
    """Fall from 1 to ``floor`` by the same factor every step: ``floor^p``.

    Args:
        progress: Share of all steps done, 0 to 1.
        warmup: Share of all steps that a linear rise takes before.
        floor: The factor at the end.

    Example:
        >>> exponential(0.0), round(exponential(0.5), 6), exponential(1.0)
        (1.0, 0.1, 0.01)

    Source: torch's ``ExponentialLR`` with its gamma chosen so that the end is reached.
    """
    factor, p = rise(progress, warmup)
    return float(factor * floor**p)
