"""RandAugment."""

from __future__ import annotations

from typing import Annotated

import torch

from glia.augments._moves import Fill
from glia.augments._policies import CHANGES, changed, signs
from glia.core.constraints import Range
from glia.core.parts import Augment
from glia.core.values import Batch

__all__ = ["RandAugment"]


class RandAugment(Augment):
    """Some changes one after the other, drawn for each picture from fourteen, all of one strength.

    The changes are those of Cubuk et al. (2020), RandAugment: moves, light and color.

    Args:
        count: Changes of each picture.
        strength: Their strength; 1 = as strong as sensible.
        fill: What comes in from outside.

    Example:
        >>> batch = Batch({"image": torch.ones(2, 3, 8, 8, dtype=torch.uint8)}, torch.ones(2), torch.arange(2))
        >>> RandAugment()(batch, torch.Generator().manual_seed(0), 0).values["image"].shape
        torch.Size([2, 3, 8, 8])
    """

    def __init__(
        self,
        *,
        count: Annotated[int, Range(0, 10)] = 2,
        strength: Annotated[float, Range(0, 1)] = 0.3,
        fill: Fill = "edge",
    ) -> None:
        self.count, self.strength, self.fill = count, strength, fill

    def __call__(self, batch: Batch, generator: torch.Generator, epoch: int) -> Batch:  # noqa: ARG002
        """Return the batch with its pictures changed."""
        for _ in range(self.count):
            which = torch.randint(0, len(CHANGES), (len(batch),), generator=generator)
            batch = changed(batch, which, self.strength * signs(len(batch), generator), self.fill)
        return batch
