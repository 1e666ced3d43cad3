"""Gradients of bounded entries."""

from __future__ import annotations

from typing import Annotated, ClassVar

from glia.core.constraints import Above
from glia.core.values import Edit
from glia.train.remedies._setter import Setter

__all__ = ["ClipValue"]


class ClipValue(Setter):
    """Cut every entry of the gradient to a limit; unlike clipping by norm, this turns the gradient.

    Args:
        limit: The largest size of an entry.

    Example:
        >>> ClipValue().wish().knobs
        {'clip_value': 0.5}

    Source: Mikolov 2012, thesis, section 3.2.2.
    """

    treats: ClassVar[str] = "exploding_gradient"

    def __init__(self, *, limit: Annotated[float, Above(0)] = 0.5) -> None:
        super().__init__()
        self.limit = limit

    def wish(self) -> Edit:
        """Return the knob set."""
        return Edit(f"entries of the gradient are cut to {self.limit:g}", {"clip_value": self.limit})
