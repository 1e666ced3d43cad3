"""How accuracy grows with rows, and how many would be needed: power laws through what fewer rows reached.

Legend: S = sizes, R = repeats, N = judged rows, G = power laws on a grid, D = draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np

__all__ = ["Curve", "curve"]

_GOALS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
_LEAST = 30
"""Judged rows below which nothing is said."""
_FARTHEST = 100
"""Sizes of more than this many times the rows at hand are not told: no curve reaches that far."""
_DRAWS = 4000
_SURE = 1.64
"""Standard errors by which all rows must beat the fewest, or the curve counts as flat."""
_ENDS = (0.025, 0.975)


@dataclass(frozen=True)
class Curve:
    """What more rows would bring.

    Args:
        rows: The sizes of training sets that were tried.
        accuracy: What was reached with each, (value, low, high).
        more: How many rows were added in thought.
        expected: The accuracy expected with these, (value, low, high); empty where the curve tells nothing.
        goal: The next accuracy worth wishing for.
        needed: The rows for it in all, (value, low, high); ``None`` for farther than can be told.
        text: All of this in a sentence.
    """

    rows: tuple[int, ...]
    accuracy: tuple[tuple[float, float, float], ...]
    more: int
    expected: tuple[float, ...] = ()
    goal: float | None = None
    needed: tuple[float | None, ...] = ()
    text: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the curve as JSON values."""
        return {name: _listed(value) for name, value in vars(self).items()}


def curve(
    rows: Sequence[int], right: Sequence[np.ndarray], own: np.ndarray, *, classes: int = 1, seed: int = 0
) -> Curve:
    """Return how a model's accuracy grows with training rows, carried over to a network trained on all of them.

    Errors are taken to fall as ``e(n) = a + b n^-c`` (Hestness et al. 2017). How far chance moves the measured errors
    is found by drawing judged rows and repeats again (bootstrap); all laws on a grid weigh by how well they agree with
    the errors; the intervals hold 95 % of that weight. The network's own error is taken to fall by the same shares.

    Args:
        rows: S sizes of training sets, ascending; the last one is all there is.
        right: For each size, whether each row was answered rightly, (R, N): R training sets drawn afresh.
        own: Whether the network answered each row rightly, (N,).
        classes: Classes, for the words.
        seed: Where chance begins.

    Example:
        >>> g = np.random.default_rng(0)
        >>> sizes = [50, 100, 200, 400]
        >>> right = [g.random((4, 2000)) > 2 * n**-0.5 for n in sizes]  # error 0.1 with 400 rows
        >>> found = curve(sizes, right, g.random(2000) > 0.12, classes=4)
        >>> found.goal, [round(one, 2) for one in found.expected], found.needed[0] > 400
        (0.9, [0.9, 0.88, 0.91], True)
    """
    errors, spread = _measured(right, seed)
    ends = zip((1 - errors).tolist(), (1.96 * np.sqrt(np.diag(spread))).tolist(), strict=True)
    reached = tuple((value, value - half, min(1.0, value + half)) for value, half in ends)
    plain = Curve(tuple(map(int, rows)), reached, int(rows[-1]))
    unsure = np.sqrt(max(spread[0, 0] + spread[-1, -1] - 2 * spread[0, -1], 1e-12))
    why = ""
    if len(rows) < 3 or len(own) < _LEAST:
        why = f"{len(own)} judged rows and {len(rows)} sizes of training sets are too few to tell"
    elif errors[0] - errors[-1] < _SURE * unsure:
        why = f"accuracy does not grow beyond chance from {rows[0]:,} to {rows[-1]:,} rows"
    elif own.all():
        why = "every judged row is answered rightly already"
    if why:
        return replace(plain, text=f"how many rows would be needed cannot be told: {why}")
    level, power = _laws(np.asarray(rows, float), errors, spread, seed)
    error = _network(own, seed)
    hoped = 1 - error * (level + (1 - level) * 2.0**-power)
    goal = next((one for one in _GOALS if one > own.mean() + 0.005), None)
    needed = _rows_for(goal, error, level, power) * rows[-1] if goal is not None else np.array([])
    found = replace(plain, expected=_ends(hoped), goal=goal, needed=_told(needed, rows[-1]))
    return replace(found, text=_text(found, classes))


def _listed(value: Any) -> Any:
    return [_listed(one) for one in value] if isinstance(value, tuple) else value


def _measured(right: Sequence[np.ndarray], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean error at each size, (S,), and how chance moves these, (S, S)."""
    g = np.random.default_rng((seed, 11))
    wrong = [~np.asarray(one, bool) for one in right]
    errors = np.array([one.mean() for one in wrong])
    judged = wrong[0].shape[1]
    counts = g.multinomial(judged, np.full(judged, 1 / judged), 400) / judged
    drawn = np.stack([counts @ one.mean(0) for one in wrong], 1)
    spread = np.cov(drawn.T).reshape(len(wrong), len(wrong))
    # Another training set of the same size would have done otherwise: seen between repeats, smaller for larger sets.
    between, last = np.zeros(len(wrong)), 0.0
    for at, one in enumerate(wrong):
        last = float(one.mean(1).var(ddof=1)) if len(one) > 1 else last / 2
        between[at] = last / len(one)
    # Half an answer more or less at least, or one size without any mistake would rule the fit.
    return errors, spread + np.diag(between + (0.5 / judged) ** 2)


def _laws(rows: np.ndarray, errors: np.ndarray, spread: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return power laws drawn by their weight: the share of the last error that stays for ever, and the power, (D,)."""
    stays, powers = np.linspace(0, 0.95, 39), np.linspace(0.05, 1.5, 59)
    ends = errors[-1] + np.sqrt(spread[-1, -1]) * np.linspace(-3.5, 3.5, 29)
    a, c, e = (one.ravel() for one in np.meshgrid(stays, powers, ends, indexing="ij"))
    said = e[:, None] * (a[:, None] + (1 - a[:, None]) * (rows / rows[-1]) ** -c[:, None])
    gap = said - errors
    weight = -0.5 * np.einsum("gs,st,gt->g", gap, np.linalg.inv(spread), gap)
    weight = np.exp(weight - weight.max()) * (e > 0)
    drawn = np.random.default_rng((seed, 12)).choice(len(weight), _DRAWS, p=weight / weight.sum())
    return a[drawn], c[drawn]


def _network(own: np.ndarray, seed: int) -> np.ndarray:
    """Return the network's error as it may be on other rows, (D,), by Jeffreys' prior."""
    wrong = float((~np.asarray(own, bool)).sum())
    return np.random.default_rng((seed, 13)).beta(wrong + 0.5, len(own) - wrong + 0.5, _DRAWS)


def _rows_for(goal: float, error: np.ndarray, level: np.ndarray, power: np.ndarray) -> np.ndarray:
    """Return how many times the rows at hand each law needs, (D,), and infinity where it never gets there."""
    left = ((1 - goal) / error - level) / (1 - level)
    return np.where(left > 0, np.exp(np.minimum(-np.log(np.maximum(left, 1e-300)) / power, 700)), inf)


def _ends(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(one) for one in np.quantile(values, (0.5, *_ENDS)))


def _told(needed: np.ndarray, rows: int) -> tuple[float | None, ...]:
    """Return median and ends of the rows needed, rounded as far as they are known."""
    if not len(needed):
        return ()
    ordered = np.sort(needed)
    found = [ordered[min(int(share * len(ordered)), len(ordered) - 1)] for share in (0.5, *_ENDS)]
    return tuple(None if one > _FARTHEST * rows else max(float(f"{one:.2g}"), 1.0) for one in found)


def _text(found: Curve, classes: int) -> str:
    each = (
        f"{max(round(found.more / classes), 1):,} rows more for each class" if classes > 1 else f"{found.more:,} more"
    )
    value, low, high = found.expected
    said = f"with {each}, accuracy {value:.3f} ({low:.3f} to {high:.3f}) would be expected"
    if found.goal is None:
        return said
    middle, least, most = found.needed
    if middle is None:
        begin = f"at least {least:,.0f} rows" if least is not None else "more rows than can be told"
        return f"{said}; {found.goal:g} needs {begin} in all, perhaps other rows or another network"
    ends = f"{least:,.0f} to {most:,.0f}" if most is not None else f"{least:,.0f} or more, without a known end"
    return f"{said}; {found.goal:g} needs about {middle:,.0f} rows in all ({ends})"
