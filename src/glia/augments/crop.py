"""Pictures cropped."""

from __future__ import annotations

import math
from typing import Annotated

import torch

from glia.augments._moves import Fill, chosen, moved, uniform
from glia.core.constraints import Above, Range
from glia.core.errors import UsageError
from glia.core.parts import Augment
from glia.core.values import Batch

__all__ = ["Crop"]


class Crop(Augment):
    """Cut a part out of each picture and enlarge it to the whole (random resized crop; Szegedy et al. 2015).

    Args:
        least: The smallest share of the area that a part may have.
        most: The largest.
        ratio: How much longer than wide a part may be, and the other way round.
        p: Chance that a picture is cropped.

    Raises:
        UsageError: The smallest share is above the largest.

    Example:
        >>> batch = Batch({"image": torch.ones(1, 1, 8, 8, dtype=torch.uint8)}, torch.ones(1), torch.arange(1))
        >>> Crop()(batch, torch.Generator().manual_seed(0), 0).values["image"].shape
        torch.Size([1, 1, 8, 8])
    """

    _fill: Fill = "edge"

    def __init__(
        self,
        *,
        least: Annotated[float, Range(0.01, 1)] = 0.5,
        most: Annotated[float, Range(0.01, 1)] = 1.0,
        ratio: Annotated[float, Above(0)] = 4 / 3,
        p: Annotated[float, Range(0, 1)] = 1.0,
    ) -> None:
        if least > most:
            raise UsageError("bad_option", f"crop.least {least} is above crop.most {most}", remedy="swap them")
        self.least, self.most, self.ratio, self.p = least, most, ratio, p

    def __call__(self, batch: Batch, generator: torch.Generator, epoch: int) -> Batch:  # noqa: ARG002
        """Return the batch with its pictures cropped."""
        height, width = batch.values["image"].shape[2:]
        rows, log = len(batch), abs(math.log(self.ratio))
        share = uniform(rows, self.least, self.most, generator).sqrt()
        shape = uniform(rows, -log / 2, log / 2, generator).exp()
        sides = [(share * shape).clamp_max(1), (share / shape).clamp_max(1)]
        here = chosen(rows, self.p, generator)
        sides = [torch.where(here, side, 1.0) for side in sides]
        # The part's center may lie wherever the part is inside.
        places = [(1 - side) / 2 * uniform(rows, -1, 1, generator) for side in sides]
        forward = torch.zeros(rows, 2, 3)
        for axis, pixels in enumerate((width, height)):
            forward[:, axis, axis] = 1 / sides[axis]
            forward[:, axis, 2] = -places[axis] * pixels / sides[axis]
        return moved(batch, forward, self._fill)
