"""TrivialAugment."""

from __future__ import annotations

from typing import Annotated

import torch

from glia.augments._moves import Fill
from glia.augments._policies import CHANGES, changed, signs
from glia.core.constraints import Range
from glia.core.parts import Augment
from glia.core.values import Batch

__all__ = ["TrivialAugment"]


class TrivialAugment(Augment):
    """One change of each picture, drawn from fourteen, of a strength drawn as well: nothing to tune.

    Source: S. Müller and F. Hutter, TrivialAugment: tuning-free yet state-of-the-art data augmentation, ICCV 2021.

    Args:
        most: The largest strength; 1 = as strong as sensible.
        fill: What comes in from outside.

    Example:
        >>> batch = Batch({"image": torch.ones(2, 3, 8, 8, dtype=torch.uint8)}, torch.ones(2), torch.arange(2))
        >>> TrivialAugment()(batch, torch.Generator().manual_seed(0), 0).values["image"].shape
        torch.Size([2, 3, 8, 8])
    """

    def __init__(self, *, most: Annotated[float, Range(0, 1)] = 1.0, fill: Fill = "edge") -> None:
        self.most, self.fill = most, fill

    def __call__(self, batch: Batch, generator: torch.Generator, epoch: int) -> Batch:  # noqa: ARG002
        """Return the batch with its pictures changed."""
        which = torch.randint(0, len(CHANGES), (len(batch),), generator=generator)
        strength = self.most * torch.rand(len(batch), generator=generator) * signs(len(batch), generator)
        return changed(batch, which, strength, self.fill)
