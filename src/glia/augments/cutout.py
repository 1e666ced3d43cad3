"""Pictures with a hole."""

from __future__ import annotations

from typing import Annotated

import torch

from glia.augments._moves import chosen
from glia.core.constraints import Range
from glia.core.parts import Augment
from glia.core.values import Batch

__all__ = ["Cutout"]


class Cutout(Augment):
    """Cover a square of each picture by its mean color (DeVries & Taylor 2017); the hole may reach over the edge.

    Masks and boxes stay: what is covered is still there.

    Args:
        size: Side of the square, as a share of the picture's shorter side.
        p: Chance that a picture gets a hole.

    Example:
        >>> picture = torch.arange(64, dtype=torch.uint8).view(1, 1, 8, 8)
        >>> batch = Batch({"image": picture}, torch.ones(1), torch.arange(1))
        >>> bool((Cutout()(batch, torch.Generator().manual_seed(0), 0).values["image"] == picture).all())
        False
    """

    def __init__(self, *, size: Annotated[float, Range(0, 1)] = 0.4, p: Annotated[float, Range(0, 1)] = 1.0) -> None:
        self.size, self.p = size, p

    def __call__(self, batch: Batch, generator: torch.Generator, epoch: int) -> Batch:  # noqa: ARG002
        """Return the batch with holes in its pictures."""
        pictures = batch.values["image"]
        height, width = pictures.shape[2:]
        side = round(self.size * min(height, width))
        inside = []
        for pixels in (height, width):
            start = torch.randint(0, pixels, (len(batch), 1), generator=generator) - side // 2
            places = torch.arange(pixels)
            inside.append((places >= start) & (places < start + side))
        hole = inside[0][:, :, None] & inside[1][:, None, :] & chosen(len(batch), self.p, generator)[:, None, None]
        mean = pictures.float().mean((2, 3), keepdim=True)
        mean = mean if pictures.is_floating_point() else mean.round()
        return batch.having(image=torch.where(hole[:, None], mean.to(pictures.dtype), pictures))
