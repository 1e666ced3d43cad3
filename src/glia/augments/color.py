"""Pictures in another light."""

from __future__ import annotations

from typing import Annotated

import torch

from glia.augments._colors import brightness, contrast, recolored, saturation
from glia.augments._moves import chosen, uniform
from glia.core.constraints import Range
from glia.core.parts import Augment
from glia.core.values import Batch

__all__ = ["Color"]


class Color(Augment):
    """Change brightness, contrast and saturation of each picture, in this order.

    Args:
        brightness: How far the factor on brightness may lie from 1.
        contrast: Likewise for the distance from the mean brightness.
        saturation: Likewise for the distance from grey; of no meaning but for three channels.
        p: Chance that a picture is changed.

    Example:
        >>> batch = Batch({"image": torch.full((1, 3, 8, 8), 100)}, torch.ones(1), torch.arange(1))
        >>> changed = Color(brightness=0.5)(batch, torch.Generator().manual_seed(0), 0).values["image"]
        >>> changed.unique().numel(), bool((changed == 100).all())
        (1, False)
    """

    def __init__(
        self,
        *,
        brightness: Annotated[float, Range(0, 1)] = 0.3,
        contrast: Annotated[float, Range(0, 1)] = 0.3,
        saturation: Annotated[float, Range(0, 1)] = 0.3,
        p: Annotated[float, Range(0, 1)] = 0.8,
    ) -> None:
        self.reach = (brightness, contrast, saturation)
        self.p = p

    def __call__(self, batch: Batch, generator: torch.Generator, epoch: int) -> Batch:  # noqa: ARG002
        """Return the batch with its pictures in another light."""
        pictures = batch.values["image"]
        here = chosen(len(batch), self.p, generator)
        changed = pictures.float()
        for change, reach in zip((brightness, contrast, saturation), self.reach, strict=True):
            factor = torch.where(here, uniform(len(batch), 1 - reach, 1 + reach, generator), 1.0)
            if reach:
                changed = change(changed, factor).clamp(0, 255)
        return batch.having(image=recolored(pictures, changed))
