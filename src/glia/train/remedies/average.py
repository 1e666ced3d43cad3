"""Averaged weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from glia.core.constraints import Range
from glia.core.parts import Remedy
from glia.core.values import Edit, Readings

__all__ = ["Average"]


class Average(Remedy):
    """Judge and keep a running average of the weights, which oscillates less than the weights do.

    The exponential average (EMA) forgets at rate ``1 - decay``. A decay of almost 1 together with a late
    start is stochastic weight averaging (SWA): all weights since then count the same.

    Args:
        decay: Share of the average that one step keeps.
        start: Share of all steps after which averaging begins.

    Example:
        >>> swa = Average(decay=0.999999, start=0.75)
        >>> swa.decide(Readings(0, 100, 0.0, 1.0, 1.0), {})
        >>> swa.decide(Readings(80, 100, 8.0, 1.0, 1.0), {}).knobs
        {'average': 0.999999}

    Source: Polyak & Juditsky 1992; Izmailov et al. 2018, "Averaging weights leads to wider optima".
    """

    treats: ClassVar[str] = "oscillation"

    def __init__(
        self,
        *,
        decay: Annotated[float, Range(0, 0.999999)] = 0.999,
        start: Annotated[float, Range(0, 1)] = 0.0,
    ) -> None:
        self.decay = decay
        self.start = start
        self.asked = False

    def decide(self, readings: Readings, knobs: Mapping[str, float]) -> Edit | None:  # noqa: ARG002
        """Return the knob set, once, when it is time."""
        if self.asked or readings.step < self.start * readings.steps:
            return None
        self.asked = True
        return Edit(
            f"weights are averaged from step {readings.step} on (decay {self.decay:g})",
            {"average": self.decay},
        )
