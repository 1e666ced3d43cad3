"""What each layer is doing: the size of its weights, of their gradient, and of one step's change."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

__all__ = ["LayerNorms"]


class LayerNorms:
    """Norms by layer, of one step: remember the weights before it, then measure.

    Args:
        nets: The networks by role.

    Example:
        >>> net = nn.Linear(2, 1, bias=False)
        >>> _ = net.weight.data.fill_(3.0)
        >>> layers = LayerNorms({"net": net})
        >>> layers.remember()
        >>> _ = net.weight.data.add_(4.0)
        >>> {name: round(norms["net"], 3) for name, norms in layers.norms().items() if norms}
        {'weight': 9.899, 'gradient': 0.0, 'update': 5.657}
    """

    def __init__(self, nets: Mapping[str, nn.Module]) -> None:
        self._layers: list[str] = []
        self._parameters: list[nn.Parameter] = []
        self._before: list[Tensor] = []
        for role, net in nets.items():
            for name, parameter in net.named_parameters():
                layer = name.rpartition(".")[0]
                self._layers.append(f"{role}.{layer}" if len(nets) > 1 and layer else layer or role)
                self._parameters.append(parameter)

    @property
    def pending(self) -> bool:
        """Whether weights are remembered that a step may have changed since."""
        return bool(self._before)

    @torch.no_grad()
    def remember(self) -> None:
        """Keep a copy of the weights as they are now."""
        self._before = [parameter.detach().clone() for parameter in self._parameters]

    @torch.no_grad()
    def norms(self) -> dict[str, dict[str, float]]:
        """Return ``weight``, ``gradient`` and ``update``, each a norm by layer; the copy is given up."""
        weights = [parameter.detach() for parameter in self._parameters]
        gradients = [p.new_zeros(1) if p.grad is None else p.grad for p in self._parameters]
        moved = torch._foreach_sub(weights, self._before)
        self._before = []
        return {"weight": self._sum(weights), "gradient": self._sum(gradients), "update": self._sum(moved)}

    def _sum(self, tensors: list[Tensor] | tuple[Tensor, ...]) -> dict[str, float]:
        squares: dict[str, float] = {}
        for layer, norm in zip(self._layers, torch._foreach_norm(tensors), strict=True):
            squares[layer] = squares.get(layer, 0.0) + float(norm) ** 2
        return {layer: math.sqrt(one) for layer, one in squares.items()}
