"""Back to safety."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar

from glia.core.constraints import Range
from glia.core.parts import Remedy
from glia.core.values import Edit, Readings

__all__ = ["Rollback"]


class Rollback(Remedy):
    """Go back to the best weights with a smaller learning rate when the training loss diverges.

    It diverges when it is not finite, or above where it began by more than a margin.

    Args:
        factor: What is left of the learning rate.
        margin: How far above the first loss is too far, as a share of that loss.
        tries: After so many returns, training ends.

    Example:
        >>> back = Rollback()
        >>> back.decide(Readings(10, 99, 1.0, 0.7, 1.0), {"lr": 1.0})
        >>> edit = back.decide(Readings(20, 99, 2.0, float("inf"), 1.0), {"lr": 1.0})
        >>> edit.knobs, edit.restore
        ({'lr': 0.3}, True)
    """

    treats: ClassVar[str] = "loss_diverging"

    def __init__(
        self,
        *,
        factor: Annotated[float, Range(0.01, 0.99)] = 0.3,
        margin: Annotated[float, Range(0)] = 0.5,
        tries: Annotated[int, Range(1)] = 3,
    ) -> None:
        self.factor = factor
        self.margin = margin
        self.tries = tries
        self.first: float | None = None
        self.tried = 0

    def decide(self, readings: Readings, knobs: Mapping[str, float]) -> Edit | None:
        """Return the way back when the loss diverges."""
        if readings.step == 0:
            return None
        if math.isfinite(readings.loss):
            self.first = readings.loss if self.first is None else self.first
            if readings.loss <= self.first + self.margin * abs(self.first):
                return None
        self.tried += 1
        found = f"the training loss diverged ({readings.loss:.4g} at step {readings.step})"
        if self.tried > self.tries:
            return Edit(f"{found} after {self.tries} returns", stop=True, restore=True)
        lower = knobs.get("lr", 1.0) * self.factor
        return Edit(
            f"{found}: back to the best weights, learning rate {lower:g} of its plan",
            {"lr": lower},
            restore=True,
        )
