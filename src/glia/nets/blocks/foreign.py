"""A person's own module among the networks: it is given plain rows of numbers."""

from __future__ import annotations

from torch import Tensor, nn

from glia.core.values import Batch, Specs
from glia.nets.blocks.inputs import Flat

__all__ = ["Foreign"]


class Foreign(nn.Module):
    """Hand a module the encoded rows as one (B, F) float tensor, and keep it plain inside.

    Args:
        module: Takes (B, F), gives (B, width of the answer) or (B, M, width) for an ensemble.
        inputs: The groups that are laid side by side: numbers, one-hot codes, dense features.

    Example:
        >>> import torch
        >>> from glia.core.values import Spec
        >>> net = Foreign(nn.Linear(2, 1), {"number": Spec(("feature",), (2,))})
        >>> net(Batch({"number": torch.zeros(3, 2)}, torch.ones(3), torch.arange(3))).shape
        torch.Size([3, 1])
    """

    def __init__(self, module: nn.Module, inputs: Specs) -> None:
        super().__init__()
        self.module = module
        self.flat = Flat(inputs)

    def forward(self, batch: Batch) -> Tensor:
        """Return the module's answer."""
        answer: Tensor = self.module(self.flat(batch))
        return answer
