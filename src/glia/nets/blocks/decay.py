"""Which parameters weight decay should leave alone, whatever their shape."""

from __future__ import annotations

from torch import nn

from glia.nets.blocks.numbers import Linear, Periodic

__all__ = ["undecayed"]


def undecayed(net: nn.Module) -> dict[str, dict[str, float]]:
    """Return the factor 0 on ``weight_decay`` of biases, lines of numbers and frequencies, by name.

    Biases of members and lines of numbers have two axes and would pass for weights; Gorishniy et al. (2021,
    2024) leave them undecayed.

    Args:
        net: The network.
    """
    names = []
    for prefix, module in net.named_modules():
        for name, _ in module.named_parameters(recurse=False):
            lone = (
                name == "bias" or isinstance(module, Linear) or (isinstance(module, Periodic) and name == "frequency")
            )
            names += [f"{prefix}.{name}" if prefix else name] if lone else []
    return {name: {"weight_decay": 0.0} for name in names}
