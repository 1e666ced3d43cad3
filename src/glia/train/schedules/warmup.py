"""A gentle start, then the same learning rate."""

from __future__ import annotations

from glia.train.schedules._warmup import Share, rise

__all__ = ["warmup"]


def warmup(progress: float, *, warmup: Share = 0.1) -> float:
    """Rise in a line from 0.01 to 1, then stay.

    Args:
        progress: Share of all steps done, 0 to 1.
        warmup: Share of all steps that the rise takes.

    Example:
        >>> warmup(0.0), warmup(0.1), warmup(1.0)
        (0.01, 1.0, 1.0)

    Source: Goyal et al. 2017, "Accurate, large minibatch SGD".
    """
    return rise(progress, warmup)[0]
