"""A staircase down."""

from __future__ import annotations

from typing import Annotated

from glia.core.constraints import Range
from glia.train.schedules._warmup import Share, rise

__all__ = ["step"]


def step(progress: float, *, warmup: Share = 0.0, drop: Share = 0.1, drops: Annotated[int, Range(1)] = 2) -> float:
    """Multiply by ``drop`` at ``drops`` evenly spaced moments: ``drop^⌊(drops + 1) p⌋``.

    Args:
        progress: Share of all steps done, 0 to 1.
        warmup: Share of all steps that a linear rise takes before.
        drop: What is left after each drop.
        drops: How many drops there are.

    Example:
        >>> step(0.3), step(0.4), round(step(0.9), 6)
        (1.0, 0.1, 0.01)

    Source: He et al. 2016, "Deep residual learning", section 4.2.
    """
    factor, p = rise(progress, warmup)
    return float(factor * drop ** min(int((drops + 1) * p), drops))
