"""Up, then down to almost nothing."""

from __future__ import annotations

import math
from typing import Annotated

from glia.core.constraints import Range
from glia.train.schedules._warmup import Share

__all__ = ["one_cycle"]


def one_cycle(
    progress: float,
    *,
    warmup: Share = 0.3,
    start: Annotated[float, Range(0.0001, 1)] = 0.04,
    floor: Share = 1e-4,
) -> float:
    """Rise from ``start`` to 1 and fall to ``floor``, each along half a cosine; the momentum is left alone.

    Args:
        progress: Share of all steps done, 0 to 1.
        warmup: Share of all steps that the rise takes.
        start: The factor at the beginning.
        floor: The factor at the end.

    Example:
        >>> round(one_cycle(0.0), 6), one_cycle(0.3), one_cycle(1.0)
        (0.04, 1.0, 0.0001)

    Source: Smith & Topin 2018, "Super-convergence", with cosines as in fastai.
    """
    progress = min(max(progress, 0.0), 1.0)
    if progress < warmup:
        return 1 - (1 - start) * (1 + math.cos(math.pi * progress / warmup)) / 2
    p = (progress - warmup) / (1 - warmup) if warmup < 1 else 0.0
    return floor + (1 - floor) * (1 + math.cos(math.pi * p)) / 2
