"""Pictures turned."""

from __future__ import annotations

from typing import Annotated

import torch

from glia.augments._moves import Fill, affine, chosen, moved, radians, uniform
from glia.core.constraints import Range
from glia.core.parts import Augment
from glia.core.values import Batch

__all__ = ["Rotate"]


class Rotate(Augment):
    """Turn each picture about its center.

    Args:
        degrees: The largest angle, either way.
        fill: What comes in from outside.
        p: Chance that a picture is turned.

    Example:
        >>> batch = Batch({"image": torch.ones(1, 1, 8, 8, dtype=torch.uint8)}, torch.ones(1), torch.arange(1))
        >>> Rotate()(batch, torch.Generator().manual_seed(0), 0).values["image"].unique().tolist()
        [1]
    """

    def __init__(
        self,
        *,
        degrees: Annotated[float, Range(0, 180)] = 10.0,
        fill: Fill = "edge",
        p: Annotated[float, Range(0, 1)] = 1.0,
    ) -> None:
        self.degrees, self.fill, self.p = degrees, fill, p

    def __call__(self, batch: Batch, generator: torch.Generator, epoch: int) -> Batch:  # noqa: ARG002
        """Return the batch with its pictures turned."""
        angle = radians(uniform(len(batch), -self.degrees, self.degrees, generator))
        angle = angle * chosen(len(batch), self.p, generator)
        return moved(batch, affine(len(batch), angle=angle), self.fill)
