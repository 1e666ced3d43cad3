"""Pictures shifted."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from glia.augments._moves import Fill, across, clipped, padded, windows
from glia.core.constraints import Range
from glia.core.parts import Augment
from glia.core.values import Batch

__all__ = ["Shift"]


class Shift(Augment):
    """Shift each picture by whole pixels, right or left and up or down.

    Args:
        pixels: The farthest shift, in pixels.
        fill: What comes in from outside.

    Example:
        >>> batch = Batch({"image": torch.ones(1, 1, 8, 8, dtype=torch.uint8)}, torch.ones(1), torch.arange(1))
        >>> Shift()(batch, torch.Generator().manual_seed(0), 0).values["image"].shape
        torch.Size([1, 1, 8, 8])
    """

    def __init__(self, *, pixels: Annotated[int, Range(0, 1024)] = 2, fill: Fill = "mirror") -> None:
        self.pixels = pixels
        self.fill = fill

    def __call__(self, batch: Batch, generator: torch.Generator, epoch: int) -> Batch:  # noqa: ARG002
        """Return the batch with its pictures shifted."""
        height, width = batch.values["image"].shape[2:]
        reach = (min(self.pixels, height - 1), min(self.pixels, width - 1))
        down, right = (torch.randint(-most, most + 1, (len(batch),), generator=generator) for most in reach)

        def change(maps: Tensor, _codes: bool) -> Tensor:
            wide = padded(maps, (reach[1], reach[1], reach[0], reach[0]), self.fill)
            return windows(wide, reach[0] - down, reach[1] - right, height, width)

        def boxes(found: Tensor) -> Tensor:
            x, y = right / width, down / height
            return clipped(found + torch.stack([torch.zeros_like(x), x, y, x, y], -1)[:, None])

        return across(batch, change, boxes)
