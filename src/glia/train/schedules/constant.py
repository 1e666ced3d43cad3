"""The same learning rate throughout."""

from __future__ import annotations

from glia.train.schedules._warmup import Share, rise

__all__ = ["constant"]


def constant(progress: float, *, warmup: Share = 0.0) -> float:
    """Return 1, after the warm-up.

    Args:
        progress: Share of all steps done, 0 to 1.
        warmup: Share of all steps that the rise takes.

    Example:
        >>> constant(0.0), constant(0.7)
        (1.0, 1.0)
    """
    return rise(progress, warmup)[0]
