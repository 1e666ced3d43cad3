"""A straight way down."""

from __future__ import annotations

from glia.train.schedules._warmup import Share, rise

__all__ = ["linear"]


def linear(progress: float, *, warmup: Share = 0.0, floor: Share = 0.0) -> float:
    """Fall in a line from 1 to ``floor``: ``1 - (1 - floor) * p``.

    Args:
        progress: Share of all steps done, 0 to 1.
        warmup: Share of all steps that a linear rise takes before.
        floor: The factor at the end.

    Example:
        >>> linear(0.0), linear(0.25), linear(1.0)
        (1.0, 0.75, 0.0)

    Source: Defazio et al. 2023, "Optimal linear decay learning rate schedules and further refinements".
    """
    factor, p = rise(progress, warmup)
    return factor * (1 - (1 - floor) * p)
