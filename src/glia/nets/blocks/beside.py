"""The columns of a table that stand beside a picture, a text or a sound."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from glia.core.values import Batch, Specs
from glia.nets.blocks.inputs import Flat, group

__all__ = ["Beside"]


class Beside(nn.Module):
    """Numbers, categories and dense features of a batch, put beside what a network made of a picture or a text.

    Args:
        inputs: All groups; those of a table are read, and it is fine if there are none.

    Attributes:
        width: How many features it adds; 0 where the table has nothing else.

    Example:
        >>> from glia.core.values import Spec
        >>> beside = Beside({"number": Spec(("feature",), (2,))})
        >>> batch = Batch({"number": torch.zeros(1, 2)}, torch.ones(1), torch.arange(1))
        >>> beside.width, beside(torch.ones(1, 3), batch).shape
        (2, torch.Size([1, 5]))
    """

    def __init__(self, inputs: Specs) -> None:
        super().__init__()
        there = any(group(inputs, name) is not None for name in ("number", "category", "dense"))
        self.flat = Flat(inputs, one_hot=32) if there else None
        self.width = 0 if self.flat is None else self.flat.width

    def forward(self, features: Tensor, batch: Batch) -> Tensor:
        """Return (B, D + width): the features (B, D) with the table's beside them."""
        return features if self.flat is None else torch.cat([features, self.flat(batch)], 1)
