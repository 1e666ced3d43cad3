"""Adaptive moments with decoupled weight decay."""

from __future__ import annotations

from typing import Annotated

import torch

from glia.core.constraints import Above, Range
from glia.train.optimizers._part import Groups, optimizer

__all__ = ["adamw"]


@optimizer
def adamw(
    groups: Groups,
    *,
    lr: Annotated[float, Above(0)] = 1e-3,
    beta1: Annotated[float, Range(0, 0.9999)] = 0.9,
    beta2: Annotated[float, Range(0, 0.999999)] = 0.999,
    eps: Annotated[float, Above(0)] = 1e-8,
) -> torch.optim.Optimizer:
    """Step along the mean gradient over its root mean square; decay shrinks the weights apart from it.

    ``m`` and ``v`` are running means of ``g`` and ``g²``, each divided by ``1 - beta^t`` to undo their start
    at zero; ``w -= lr * (m / (√v + eps) + weight_decay * w)``.

    Args:
        groups: Parameter groups.
        lr: Learning rate of groups without one.
        beta1: Memory of the gradient.
        beta2: Memory of the squared gradient.
        eps: Keeps the division finite.

    Example:
        >>> w = torch.ones(1, requires_grad=True)
        >>> w.grad = torch.full((1,), 7.0)
        >>> adamw([{"params": [w], "weight_decay": 0.0}], lr=0.25).step()
        >>> w.item()  # the first step has the size of the learning rate
        0.75

    Source: Loshchilov & Hutter 2019.
    """
    return torch.optim.AdamW(groups, lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=0.0, fused=True)
