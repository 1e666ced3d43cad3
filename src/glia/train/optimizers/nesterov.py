"""Gradient descent with Nesterov's momentum."""

from __future__ import annotations

from typing import Annotated

import torch

from glia.core.constraints import Above, Range
from glia.train.optimizers._part import Groups, optimizer

__all__ = ["nesterov"]


@optimizer
def nesterov(
    groups: Groups,
    *,
    lr: Annotated[float, Above(0)] = 0.03,
    beta: Annotated[float, Range(0.0001, 0.9999)] = 0.9,
) -> torch.optim.Optimizer:
    """Step along the velocity as it will be: ``v = beta * v + g``, ``w -= lr * (g + beta * v)``.

    Decay is added to the gradient.

    Args:
        groups: Parameter groups.
        lr: Learning rate of groups without one.
        beta: Share of the velocity that is kept.

    Example:
        >>> w = torch.ones(1, requires_grad=True)
        >>> w.grad = torch.ones(1)
        >>> nesterov([{"params": [w]}], lr=0.5, beta=0.5).step()
        >>> w.item()  # 1 - 0.5 * (1 + 0.5)
        0.25

    Source: Nesterov 1983, in the form of Sutskever et al. 2013.
    """
    return torch.optim.SGD(groups, lr=lr, momentum=beta, nesterov=True, fused=True)
