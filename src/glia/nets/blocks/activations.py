"""Activations by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import nn

__all__ = ["Activation", "activation"]

Activation = Literal[
    "relu", "leaky_relu", "gelu", "silu", "mish", "selu", "elu", "sigmoid", "tanh", "softmax", "identity"
]

_MAKERS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "selu": nn.SELU,
    "elu": nn.ELU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "softmax": lambda: nn.Softmax(dim=-1),
    "identity": nn.Identity,
}


def activation(name: Activation) -> nn.Module:
    """Return a new activation; ``"softmax"`` runs over the last axis.

    Example:
        >>> import torch
        >>> activation("relu")(torch.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    return _MAKERS[name]()
