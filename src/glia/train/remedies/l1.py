"""A price on the size of weights."""

from __future__ import annotations

from typing import Annotated, ClassVar

from glia.core.constraints import Range
from glia.core.values import Edit
from glia.train.remedies._setter import Setter

__all__ = ["L1"]


class L1(Setter):
    """Add ``strength * |w|`` to the loss, which drives weights that do not pay for themselves toward zero.

    Args:
        strength: The price.

    Example:
        >>> L1().wish().knobs
        {'l1': 0.0001}

    Source: Tibshirani 1996, "Regression shrinkage and selection via the lasso".
    """

    treats: ClassVar[str] = "over_fitting"

    def __init__(self, *, strength: Annotated[float, Range(0)] = 1e-4) -> None:
        super().__init__()
        self.strength = strength

    def wish(self) -> Edit:
        """Return the knob set."""
        return Edit(f"the loss includes {self.strength:g} times the sum of the weights' sizes", {"l1": self.strength})
