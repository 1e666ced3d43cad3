"""Half a wave down."""

from __future__ import annotations

import math

from glia.train.schedules._warmup import Share, rise

__all__ = ["cosine"]


def cosine(progress: float, *, warmup: Share = 0.0, floor: Share = 0.0) -> float:
    """Fall from 1 to ``floor`` along half a cosine: ``floor + (1 - floor) * (1 + cos(π p)) / 2``.

    Args:
        progress: Share of all steps done, 0 to 1.
        warmup: Share of all steps that a linear rise takes before.
        floor: The factor at the end.

    Example:
        >>> cosine(0.0), round(cosine(0.5), 6), cosine(1.0)
        (1.0, 0.5, 0.0)

    Source: Loshchilov & Hutter 2017, "SGDR", without restarts.
    """
    factor, p = rise(progress, warmup)
    return factor * (floor + (1 - floor) * (1 + math.cos(math.pi * p)) / 2)
