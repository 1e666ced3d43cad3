"""From steps ahead to steps ahead with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, inf
from typing import Any

import numpy as np

from glia.core.parts import Readout
from glia.core.values import Answer

__all__ = ["Forecast"]

_POOLED = 150
"""Errors that a radius is read from; where windows are fewer, neighboring steps are as good."""
_UNEVEN = 10.0
"""How many times larger series must be than others before intervals are in shares of the forecast."""


class Forecast(Readout):
    """Steps ahead in the units of the question, with a conformal interval for each step and variable.

    Points get a radius that grows with the step as errors on the calibration windows do. Quantiles get the margin by
    which their outer two must be moved to hold the truth as often as they should (Y. Romano, E. Patterson,
    E. Candès, *Conformalized quantile regression*, NeurIPS 2019); the middle one is the point. Neighboring windows are
    no independent rows, and series drift, so the promise is measured and not proven: see the metric ``coverage``.

    Attributes:
        radius: (H, V) half the length of an interval, or the margin of quantiles; infinite (``None`` in JSON) where
            there are too few calibration windows to promise anything.
        relative: Whether radii are shares of the mean size of a window's forecast, as series of very different size
            need.
        level: How often an interval holds the truth.

    Example:
        >>> readout = Forecast()
        >>> readout.learn(np.zeros((9, 1, 1)), np.arange(9.0)[:, None, None], metric="mae")
        >>> readout.answer(np.full((1, 1, 1), 10.0)).high.tolist()
        [[[18.0]]]
    """

    def __init__(self) -> None:
        self.radius: list[list[float]] = []
        self.relative = False
        self.level = 0.9

    def learn(
        self, outputs: np.ndarray, truth: np.ndarray, *, metric: str, imbalanced: bool = False, level: float = 0.9
    ) -> None:
        """Learn radii from points (N, H, V) or ascending quantiles (N, H, V, Q), and truth of H steps or more."""
        outputs = np.asarray(outputs, np.float64)
        steps = np.asarray(truth, np.float64)[:, : outputs.shape[1]]
        self.level, self.radius = level, []
        if not len(outputs):
            return
        sizes = np.sort(np.abs(steps).mean((1, 2)))
        low, high = sizes[int(0.1 * len(sizes))], sizes[int(0.9 * len(sizes))]
        self.relative = bool(high > _UNEVEN * low > 0)
        if outputs.ndim == 4:
            gaps = np.maximum(outputs[..., 0] - steps, steps - outputs[..., -1])
        else:
            gaps = np.abs(outputs - steps)
        if self.relative:
            gaps = gaps / _size(_middle(outputs))
        self.radius = _radii(gaps, level)

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return points and intervals, (N, H, V) each."""
        point = _middle(outputs)
        ends = (outputs[..., 0], outputs[..., -1]) if outputs.ndim == 4 else (point, point)
        if not self.radius:
            return Answer(point=point, low=ends[0], high=ends[1]) if outputs.ndim == 4 else Answer(point=point)
        reach = np.asarray(self.radius) * (_size(point) if self.relative else 1.0)
        # A margin may be negative where quantiles were too wide; ends never pass each other.
        low, high = np.minimum(ends[0] - reach, point), np.maximum(ends[1] + reach, point)
        return Answer(point=point, low=low, high=high)

    def state(self) -> dict[str, Any]:
        # JSON knows no infinity.
        radii = [[None if abs(one) == inf else one for one in row] for row in self.radius]
        return {"radius": radii, "relative": self.relative, "level": self.level}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.radius = [[inf if one is None else float(one) for one in row] for row in state["radius"]]
        self.relative, self.level = bool(state["relative"]), float(state["level"])


def _middle(outputs: np.ndarray) -> np.ndarray:
    return outputs[..., outputs.shape[-1] // 2] if outputs.ndim == 4 else outputs


def _size(point: np.ndarray) -> np.ndarray:
    """Return how large a window's forecast is, (N, 1, V)."""
    return np.maximum(np.abs(point).mean(1, keepdims=True), 1e-12)


def _radii(gaps: np.ndarray, level: float) -> list[list[float]]:
    """Return a radius for each step and variable, of the errors there and, where they are few, at steps beside it."""
    windows, horizon, variables = gaps.shape
    beside = min(-(-_POOLED // windows) // 2, horizon)
    found = []
    for step in range(horizon):
        near = gaps[:, max(0, step - beside) : step + beside + 1]
        found.append([_radius(near[:, :, v], level) for v in range(variables)])
    return found


def _radius(gaps: np.ndarray, level: float) -> float:
    """Return what holds a share of the errors (N, H) of neighboring windows.

    Windows one step apart speak of the same steps, so H errors each are no more than N + H - 1 of their own: so many
    decide how far above the level the share must lie for the next error to be held as often (J. Lei et al.,
    Distribution-free predictive inference for regression, JASA 113 (2018), theorem 2.2).
    """
    own = sum(gaps.shape) - 1
    rank = ceil((own + 1) * Fraction(str(level)))
    if rank > own:
        return inf
    place = ceil(Fraction(rank * gaps.size, own))
    return float(np.partition(gaps.reshape(-1), place - 1)[place - 1])
