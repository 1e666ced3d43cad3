"""The beginning that every schedule shares."""

from __future__ import annotations

from typing import Annotated

from glia.core.constraints import Range

__all__ = ["Share", "rise"]

Share = Annotated[float, Range(0, 1)]
"""A share of all steps, or a factor on the learning rate."""

FIRST = 0.01  # a first step of length zero would be wasted, and would teach optimizers with memory nothing


def rise(progress: float, warmup: float) -> tuple[float, float]:
    """Return the factor of a linear warm-up, and how much of what follows it is done, from 0 to 1.

    Args:
        progress: Share of all steps done; outside 0 to 1 it is taken as the nearer end.
        warmup: Share of all steps that the rise takes.

    Example:
        >>> rise(0.05, 0.1), rise(1.0, 0.1)
        ((0.505, 0.0), (1.0, 1.0))

    Source: Goyal et al. 2017.
    """
    progress = min(max(progress, 0.0), 1.0)
    if progress < warmup:
        return FIRST + (1 - FIRST) * progress / warmup, 0.0
    return 1.0, (progress - warmup) / (1 - warmup) if warmup < 1 else 0.0
