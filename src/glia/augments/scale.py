"""Pictures shown larger or smaller."""

from __future__ import annotations

import math
from typing import Annotated

import torch

from glia.augments._moves import Fill, affine, chosen, moved, uniform
from glia.core.constraints import Range
from glia.core.parts import Augment
from glia.core.values import Batch

__all__ = ["Scale"]


class Scale(Augment):
    """Show what is in each picture larger or smaller, about its center.

    Args:
        most: The largest factor; the smallest is its inverse.
        fill: What comes in from outside.
        p: Chance that a picture is scaled.

    Example:
        >>> batch = Batch({"image": torch.ones(1, 1, 8, 8, dtype=torch.uint8)}, torch.ones(1), torch.arange(1))
        >>> Scale()(batch, torch.Generator().manual_seed(0), 0).values["image"].unique().tolist()
        [1]
    """

    def __init__(
        self,
        *,
        most: Annotated[float, Range(1, 4)] = 1.15,
        fill: Fill = "edge",
        p: Annotated[float, Range(0, 1)] = 1.0,
    ) -> None:
        self.most, self.fill, self.p = most, fill, p

    def __call__(self, batch: Batch, generator: torch.Generator, epoch: int) -> Batch:  # noqa: ARG002
        """Return the batch with its pictures scaled."""
        log = math.log(self.most)
        factor = uniform(len(batch), -log, log, generator).exp()
        factor = torch.where(chosen(len(batch), self.p, generator), factor, 1.0)
        return moved(batch, affine(len(batch), scale=factor), self.fill)
