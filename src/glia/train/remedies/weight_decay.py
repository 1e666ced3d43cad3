"""More decay."""

from __future__ import annotations

from typing import Annotated, ClassVar

from glia.core.constraints import Range
from glia.core.values import Edit
from glia.train.remedies._setter import Setter

__all__ = ["WeightDecay"]


class WeightDecay(Setter):
    """Multiply every group's own weight decay; groups without decay, such as biases, stay without.

    Args:
        factor: The factor.

    Example:
        >>> WeightDecay().wish().knobs
        {'weight_decay': 10.0}

    Source: Krogh & Hertz 1992.
    """

    treats: ClassVar[str] = "over_fitting"

    def __init__(self, *, factor: Annotated[float, Range(0)] = 10.0) -> None:
        super().__init__()
        self.factor = factor

    def wish(self) -> Edit:
        """Return the knob set."""
        return Edit(f"weight decay is multiplied by {self.factor:g}", {"weight_decay": self.factor})
