"""Low-rank adapters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from glia.core.constraints import Above, Range

__all__ = ["Lora"]


class Lora:
    """Train a small correction of each weight, of low rank, and leave the weight as it was (Hu et al. 2021).

    A weight of O rows and I columns becomes ``weight + alpha / rank * up @ down`` with ``up`` (O, rank), which begins
    as zeros, and ``down`` (rank, I): the network begins as it was. Windows of convolutions count as columns. Layers
    whose smaller side is not above twice the rank, and the last layer, which has to be learned anew, are trained
    whole; so are norms and biases, which are few.

    Args:
        rank: Rank of the correction.
        alpha: Its scale; with ``alpha / rank`` in front, a rate found for one rank suits the others.

    Example:
        >>> net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
        >>> before, x, lora = net(torch.ones(1, 64)), torch.ones(1, 64), Lora(rank=4)
        >>> lora.put_on(net)
        >>> torch.equal(net(x), before), sum(p.numel() for p in net.parameters() if p.requires_grad)
        (True, 706)
        >>> lora.fold(net)
        >>> sorted(net.state_dict())
        ['0.bias', '0.weight', '2.bias', '2.weight']
    """

    def __init__(self, *, rank: Annotated[int, Range(1)] = 8, alpha: Annotated[float, Above(0)] = 16.0) -> None:
        self.rank = rank
        self.alpha = alpha

    def put_on(self, net: nn.Module) -> None:
        """Put corrections on a network's large weights, in place; the weights themselves are frozen.

        Args:
            net: The network; parameters that were frozen before, and have no correction, stay frozen.
        """
        for layer in list(self._layers(net)):
            weight = layer.weight
            assert isinstance(weight, nn.Parameter)
            weight.requires_grad_(False)
            parametrize.register_parametrization(layer, "weight", _LowRank(weight, self.rank, self.alpha))

    def fold(self, net: nn.Module) -> None:
        """Add the corrections to the weights and take them off: names are as before, and all weights can be trained.

        Args:
            net: The network, in place.
        """
        for layer in _adapted(net):
            with torch.no_grad():
                parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
            layer.get_parameter("weight").requires_grad_(True)

    @staticmethod
    def folded(net: nn.Module) -> dict[str, Tensor]:
        """Return the state that the network would have once folded, leaving it as it is.

        Args:
            net: The network.
        """
        state: dict[str, Tensor] = {}
        for name, value in net.state_dict().items():
            layer, found, inner = name.partition(".parametrizations.weight.")
            top = name.startswith("parametrizations.weight.")
            if not found and not top:
                state[name] = value
            elif inner == "original" or (top and name.endswith("weight.original")):
                owner = net if top else net.get_submodule(layer)
                weight = owner.weight
                assert isinstance(weight, Tensor)
                state["weight" if top else f"{layer}.weight"] = weight.detach().clone()
        return state

    def _layers(self, net: nn.Module) -> Iterator[nn.Module]:
        """Return the layers whose weight gets a correction: large, and not the last one."""
        found = [
            (name, layer)
            for name, layer in net.named_modules()
            if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d) and layer.weight.requires_grad
        ]
        heads = {name for name, _ in found if name.split(".")[0].startswith(("output", "head"))} or {found[-1][0]}
        for name, layer in found:
            if name not in heads and min(layer.weight.flatten(1).shape) > 2 * self.rank:
                yield layer


class _LowRank(nn.Module):
    """The map from a weight to the corrected one."""

    def __init__(self, weight: Tensor, rank: int, alpha: float) -> None:
        super().__init__()
        outputs, inputs = weight.flatten(1).shape
        self.scale = alpha / rank
        self.down = nn.Parameter(torch.randn(rank, inputs) * inputs**-0.5)
        self.up = nn.Parameter(torch.zeros(outputs, rank))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + (self.scale * self.up @ self.down).view_as(weight)


def _adapted(net: nn.Module) -> list[nn.Module]:
    return [layer for layer in net.modules() if parametrize.is_parametrized(layer, "weight")]
