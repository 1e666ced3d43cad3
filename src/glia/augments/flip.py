"""Pictures mirrored."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from glia.augments._moves import across, chosen
from glia.core.constraints import Range
from glia.core.parts import Augment
from glia.core.values import Batch

__all__ = ["Flip"]


class Flip(Augment):
    """Mirror pictures from left to right, some of them by chance, or each of them in every other epoch.

    The alternating flip shows every picture in both ways in any two epochs, where chance shows a quarter of them the
    same way twice in each direction (K. Jordan, 94% on CIFAR-10 in 3.29 seconds, 2024). Not for digits and letters,
    whose mirror is another sign or none.

    Args:
        p: Chance that a picture is mirrored; of no meaning when alternating.
        alternate: Whether to mirror in every other epoch, half of the rows in even ones.
        vertical: Whether to mirror top to bottom as well, by chance of its own.

    Example:
        >>> picture = torch.arange(4, dtype=torch.uint8).view(1, 1, 2, 2)
        >>> batch = Batch({"image": picture}, torch.ones(1), torch.arange(1))
        >>> Flip(p=1)(batch, torch.Generator(), 0).values["image"].flatten().tolist()
        [1, 0, 3, 2]
    """

    def __init__(
        self, *, p: Annotated[float, Range(0, 1)] = 0.5, alternate: bool = False, vertical: bool = False
    ) -> None:
        self.p = p
        self.alternate = alternate
        self.vertical = vertical

    def __call__(self, batch: Batch, generator: torch.Generator, epoch: int) -> Batch:
        """Return the batch, some of its pictures mirrored."""
        drawn = chosen(len(batch), self.p, generator)
        batch = _mirrored(batch, _turn(batch.row, epoch) if self.alternate else drawn, 3)
        return _mirrored(batch, chosen(len(batch), self.p, generator), 2) if self.vertical else batch


def _turn(rows: Tensor, epoch: int) -> Tensor:
    """Return a bit of each row's number that no pattern among the rows agrees with, turned in every other epoch."""
    mixed = ((rows.cpu() & 0xFFFFFFFF) * 2_654_435_761) & 0xFFFFFFFF  # Knuth's multiplicative hash
    return ((mixed >> 16) ^ (mixed >> 29) ^ epoch) & 1 == 1


def _mirrored(batch: Batch, here: Tensor, axis: int) -> Batch:
    def change(maps: Tensor, _codes: bool) -> Tensor:
        return torch.where(here[:, None, None, None], maps.flip(axis), maps)

    def boxes(found: Tensor) -> Tensor:
        low, high = (1, 3) if axis == 3 else (2, 4)
        turned = found.clone()
        turned[..., low], turned[..., high] = 1 - found[..., high], 1 - found[..., low]
        return torch.where((here[:, None] & (found[..., 0] >= 0))[..., None], turned, found)

    return across(batch, change, boxes)
