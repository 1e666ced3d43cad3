"""Ending in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from glia.core.constraints import Range
from glia.core.values import Edit, Readings
from glia.train.remedies._patient import Patient

__all__ = ["EarlyStop"]


class EarlyStop(Patient):
    """End training when validation has stopped improving, and go back to the best weights.

    Args:
        patience: Evaluations without improvement that are waited for.
        min_delta: How much better a score must be to count as an improvement.

    Example:
        >>> stop = EarlyStop(patience=2)
        >>> for step, score in enumerate([0.5, 0.7, 0.6, 0.6]):
        ...     edit = stop.decide(Readings(step, 9, 0.0, 1.0, 1.0, score=score), {})
        >>> edit.stop, edit.restore, edit.reason
        (True, True, 'validation has not improved for 2 evaluations; step 1 was best')

    Source: Prechelt 1998, "Early stopping, but when?".
    """

    treats: ClassVar[str] = "over_fitting"

    def __init__(self, *, patience: Annotated[int, Range(1)] = 16, min_delta: Annotated[float, Range(0)] = 0.0) -> None:
        super().__init__(patience, min_delta)

    def decide(self, readings: Readings, knobs: Mapping[str, float]) -> Edit | None:  # noqa: ARG002
        """Return the stop when validation has stopped improving."""
        if not self.stalled(readings):
            return None
        reason = f"validation has not improved for {self.waited} evaluations; step {self.best_step} was best"
        return Edit(reason, stop=True, restore=True)
