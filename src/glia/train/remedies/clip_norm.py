"""Gradients of bounded length."""

from __future__ import annotations

from typing import Annotated, ClassVar

from glia.core.constraints import Above
from glia.core.values import Edit
from glia.train.remedies._setter import Setter

__all__ = ["ClipNorm"]


class ClipNorm(Setter):
    """Shorten the gradient of all parameters together when its norm is above a limit; its direction stays.

    Args:
        limit: The largest norm.

    Example:
        >>> ClipNorm().wish().knobs
        {'clip_norm': 1.0}

    Source: Pascanu et al. 2013, "On the difficulty of training recurrent neural networks".
    """

    treats: ClassVar[str] = "exploding_gradient"

    def __init__(self, *, limit: Annotated[float, Above(0)] = 1.0) -> None:
        super().__init__()
        self.limit = limit

    def wish(self) -> Edit:
        """Return the knob set."""
        return Edit(f"gradients longer than {self.limit:g} are shortened to that", {"clip_norm": self.limit})
