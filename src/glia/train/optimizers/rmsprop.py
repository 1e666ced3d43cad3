"""Steps scaled by the recent size of gradients."""

from __future__ import annotations

from typing import Annotated

import torch

from glia.core.constraints import Above, Range
from glia.train.optimizers._part import Groups, optimizer

__all__ = ["rmsprop"]


@optimizer
def rmsprop(
    groups: Groups,
    *,
    lr: Annotated[float, Above(0)] = 1e-3,
    beta: Annotated[float, Range(0, 0.99999)] = 0.99,
    eps: Annotated[float, Above(0)] = 1e-8,
) -> torch.optim.Optimizer:
    """Divide each gradient by its recent size.

    ``s = beta * s + (1 - beta) * g²``, ``w -= lr * g / (√s + eps)``; decay is added to the gradient.

    Args:
        groups: Parameter groups.
        lr: Learning rate of groups without one.
        beta: Memory of the squared gradient.
        eps: Keeps the division finite.

    Example:
        >>> w = torch.ones(1, requires_grad=True)
        >>> w.grad = torch.full((1,), 7.0)
        >>> rmsprop([{"params": [w]}], lr=0.1, beta=0.75).step()
        >>> round(w.item(), 4)  # 1 - 0.1 / √0.25, whatever the gradient's size
        0.8

    Source: Tieleman & Hinton 2012, lecture 6.5.
    """
    return torch.optim.RMSprop(groups, lr=lr, alpha=beta, eps=eps, foreach=True)
