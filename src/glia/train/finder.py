"""A learning-rate range test: raise the rate until the loss falls apart, then step back."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Found", "find"]

SPAN = 1000.0  # times below and above the default rate
MEMORY = 0.9  # of the running mean: about ten steps, well under a decade of the rate
LEVEL = 10  # losses that tell the level of the start
DOUBT = 1.5  # times the noise that a fall must exceed; pure noise passes in 1 of 100 tests
BACK = 10.0  # how far below the lowest loss is safe; measured best among 2 to 20 on eight optimizers


@dataclass(frozen=True)
class Found:
    """What a range test found.

    Args:
        lr: The learning rate suggested.
        reason: Why, in one sentence.
        lrs: The learning rates tried, ascending.
        losses: The loss measured at each, as it came.
    """

    lr: float
    reason: str
    lrs: tuple[float, ...]
    losses: tuple[float, ...]


def find(loss_at: Callable[[float], float], *, default: float, steps: int = 100) -> Found:
    """Return a learning rate a tenth of the one at which the smoothed loss is lowest.

    Args:
        loss_at: Takes a training step at a learning rate, returns the loss it started from. It changes what
            it trains; saving and restoring that is the caller's part.
        default: The rate to fall back on; rates from a thousandth to a thousand times it are tried.
        steps: How many rates are tried, evenly spaced on a logarithmic scale.

    Returns:
        The suggestion with its curve; trying ends early once the loss has fallen apart.

    Example:
        >>> def loss_at(lr):  # falls until 0.1, then explodes
        ...     return 1 - min(lr, 0.1) * 5 + max(lr - 0.1, 0) * 100
        >>> 0.005 < find(loss_at, default=0.01).lr < 0.05
        True

    Source: Smith 2017, "Cyclical learning rates for training neural networks".
    """
    lrs: list[float] = []
    losses: list[float] = []
    for index in range(steps):
        lrs.append(default * SPAN ** (2 * index / max(steps - 1, 1) - 1))
        losses.append(float(loss_at(lrs[-1])))
        if _fallen_apart(losses):
            break
    lr, reason = _judge(lrs, losses, default)
    return Found(lr, reason, tuple(lrs), tuple(losses))


def _judge(lrs: Sequence[float], losses: Sequence[float], default: float) -> tuple[float, str]:
    if not math.isfinite(losses[-1]):  # only the last can be, since trying ends there
        losses = losses[:-1]
    if len(losses) < LEVEL:
        return default, f"only {len(losses)} losses were finite, so the default is kept"
    smooth = _smoothed(losses)
    start, noise = _start(losses)
    lowest = min(range(len(smooth)), key=smooth.__getitem__)
    if lowest < LEVEL or start - smooth[lowest] <= max(DOUBT * noise, 1e-6 * abs(start)):
        return default, f"the loss never fell by more than its noise ({noise:.2g}), so the default is kept"
    lr = lrs[lowest] / BACK
    seen = f"{smooth[lowest]:.3g} after {start:.3g}"
    return lr, f"a tenth of {lrs[lowest]:.2g}, where the smoothed loss was lowest ({seen})"


def _fallen_apart(losses: Sequence[float]) -> bool:
    """Return whether the smoothed loss is above its start by more than its fall and its noise."""
    if not math.isfinite(losses[-1]):
        return True
    if len(losses) <= LEVEL:
        return False
    smooth = _smoothed(losses)
    start, noise = _start(losses)
    return smooth[-1] > start + (start - min(smooth)) + 4 * noise


def _start(losses: Sequence[float]) -> tuple[float, float]:
    """Return the level of the first losses, and the spread of one loss around its neighbors."""
    moves = [abs(after - before) for before, after in pairwise(losses[: 3 * LEVEL])]
    # Half of all pairs of normal draws lie closer than 0.954 standard deviations; a median is not moved by
    # the one batch that is unlike all others.
    return statistics.fmean(losses[:LEVEL]), statistics.median(moves) / 0.954


def _smoothed(losses: Sequence[float]) -> list[float]:
    """Return the running mean, freed of its bias to zero at the start."""
    mean, out = 0.0, []
    for age, loss in enumerate(losses, 1):
        mean = MEMORY * mean + (1 - MEMORY) * loss
        out.append(mean / (1 - MEMORY**age))
    return out
