"""First weights by name: which variance keeps signals alive through many layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

__all__ = ["Initializer", "fan_in_uniform_", "initialize"]

Initializer = Literal[
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
    "zero",
]


def _scaled(variance: Callable[[int, int], float], shape: str) -> Callable[[Tensor], Tensor]:
    def fill(weight: Tensor) -> Tensor:
        outputs, inputs = weight.shape
        std = math.sqrt(variance(max(inputs, 1), outputs))
        if shape == "normal":
            return nn.init.normal_(weight, 0.0, std)
        return nn.init.uniform_(weight, -math.sqrt(3) * std, math.sqrt(3) * std)

    return fill


_FILLERS: dict[str, Callable[[Tensor], Tensor]] = {
    **{f"glorot_{shape}": _scaled(lambda i, o: 2 / (i + o), shape) for shape in ("uniform", "normal")},
    **{f"he_{shape}": _scaled(lambda i, _: 2 / i, shape) for shape in ("uniform", "normal")},
    **{f"lecun_{shape}": _scaled(lambda i, _: 1 / i, shape) for shape in ("uniform", "normal")},
    "orthogonal": nn.init.orthogonal_,
    "zero": nn.init.zeros_,
}


def initialize(linear: nn.Linear, name: Initializer) -> nn.Linear:
    """Fill the weight of a linear layer by name, its bias with zeros, and return it.

    Glorot & Bengio (2010) keep the variance forward and backward, He et al. (2015) allow for the half that
    ReLU drops, LeCun et al. (1998) is what SELU wants, orthogonal (Saxe et al. 2014) keeps lengths.

    Args:
        linear: The layer, its weight (outputs, inputs).
        name: The rule; ``"zero"`` starts a last layer at the prior.

    Example:
        >>> float(initialize(nn.Linear(3, 2), "zero").weight.abs().sum().detach())
        0.0
    """
    with torch.no_grad():
        _FILLERS[name](linear.weight)
        if linear.bias is not None:
            nn.init.zeros_(linear.bias)
    return linear


def fan_in_uniform_(tensor: Tensor, fan_in: int) -> Tensor:
    """Fill in place with the uniform of ``nn.Linear``, between ± 1 / sqrt(fan_in)."""
    bound = max(fan_in, 1) ** -0.5
    return nn.init.uniform_(tensor, -bound, bound)
