"""Plain gradient descent."""

from __future__ import annotations

from typing import Annotated

import torch

from glia.core.constraints import Above
from glia.train.optimizers._part import Groups, optimizer

__all__ = ["sgd"]


@optimizer
def sgd(groups: Groups, *, lr: Annotated[float, Above(0)] = 0.1) -> torch.optim.Optimizer:
    """Step against the gradient: ``w -= lr * (g + weight_decay * w)``.

    Args:
        groups: Parameter groups.
        lr: Learning rate of groups without one.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> w.grad = torch.ones(2)
        >>> sgd([{"params": [w]}], lr=0.25).step()
        >>> w.tolist()
        [0.75, 0.75]

    Source: Robbins & Monro 1951.
    """
    return torch.optim.SGD(groups, lr=lr, fused=True)
