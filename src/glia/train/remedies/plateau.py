"""A smaller learning rate where progress has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from glia.core.constraints import Range
from glia.core.values import Edit, Readings
from glia.train.remedies._patient import Patient

__all__ = ["Plateau"]


class Plateau(Patient):
    """Multiply the learning rate by a factor whenever validation has stopped improving.

    Args:
        factor: What is left of the learning rate.
        patience: Evaluations without improvement that are waited for, each time anew.
        min_delta: How much better a score must be to count as an improvement.
        least: The knob is not lowered beyond this.

    Example:
        >>> plateau = Plateau(patience=2)
        >>> for step, score in enumerate([0.7, 0.6, 0.6]):
        ...     edit = plateau.decide(Readings(step, 9, 0.0, 1.0, 1.0, score=score), {"lr": 1.0})
        >>> edit.knobs
        {'lr': 0.5}

    Source: torch's ``ReduceLROnPlateau``.
    """

    treats: ClassVar[str] = "loss_not_decreasing"

    def __init__(
        self,
        *,
        factor: Annotated[float, Range(0.01, 0.99)] = 0.5,
        patience: Annotated[int, Range(1)] = 5,
        min_delta: Annotated[float, Range(0)] = 0.0,
        least: Annotated[float, Range(0, 1)] = 1e-3,
    ) -> None:
        super().__init__(patience, min_delta)
        self.factor = factor
        self.least = least

    def decide(self, readings: Readings, knobs: Mapping[str, float]) -> Edit | None:
        """Return the lower learning rate when validation has stopped improving, and start waiting again."""
        if not self.stalled(readings):
            return None
        waited, self.waited = self.waited, 0
        present = knobs.get("lr", 1.0)
        lower = max(present * self.factor, self.least)
        if lower >= present:
            return None
        reason = f"validation has not improved for {waited} evaluations"
        return Edit(f"{reason}: the learning rate is now {lower:g} of its plan", {"lr": lower})
