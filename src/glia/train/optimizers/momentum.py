"""Gradient descent with a heavy ball."""

from __future__ import annotations

from typing import Annotated

import torch

from glia.core.constraints import Above, Range
from glia.train.optimizers._part import Groups, optimizer

__all__ = ["momentum"]


@optimizer
def momentum(
    groups: Groups, *, lr: Annotated[float, Above(0)] = 0.03, beta: Annotated[float, Range(0, 0.9999)] = 0.9
) -> torch.optim.Optimizer:
    """Step along a decaying sum of gradients: ``v = beta * v + g``, ``w -= lr * v``; decay is added to ``g``.

    Args:
        groups: Parameter groups.
        lr: Learning rate of groups without one.
        beta: Share of the velocity that is kept; speed grows up to ``1 / (1 - beta)``-fold.

    Example:
        >>> w = torch.ones(1, requires_grad=True)
        >>> ball = momentum([{"params": [w]}], lr=0.5, beta=0.5)
        >>> for _ in range(2):
        ...     w.grad = torch.ones(1)
        ...     ball.step()
        >>> w.item()  # 1 - 0.5 * 1 - 0.5 * 1.5
        -0.25

    Source: Polyak 1964; Sutskever et al. 2013.
    """
    return torch.optim.SGD(groups, lr=lr, momentum=beta, fused=True)
