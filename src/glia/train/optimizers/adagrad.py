"""Steps scaled by all gradients seen so far."""

from __future__ import annotations

from typing import Annotated

import torch

from glia.core.constraints import Above
from glia.train.optimizers._part import Groups, optimizer

__all__ = ["adagrad"]


@optimizer
def adagrad(
    groups: Groups, *, lr: Annotated[float, Above(0)] = 0.03, eps: Annotated[float, Above(0)] = 1e-10
) -> torch.optim.Optimizer:
    """Give rarely used weights larger steps: ``s += g²``, ``w -= lr * g / (√s + eps)``.

    Decay is added to the gradient.

    Args:
        groups: Parameter groups.
        lr: Learning rate of groups without one.
        eps: Keeps the division finite.

    Example:
        >>> w = torch.ones(1, requires_grad=True)
        >>> w.grad = torch.full((1,), 7.0)
        >>> adagrad([{"params": [w]}], lr=0.25).step()
        >>> w.item()
        0.75

    Source: Duchi et al. 2011.
    """
    return torch.optim.Adagrad(groups, lr=lr, eps=eps, fused=True)
