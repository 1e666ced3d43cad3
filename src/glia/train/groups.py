"""Parameter groups: each network's own factors on learning rate and decay, and no decay on biases and norms."""

from __future__ import annotations

from typing import Any

from torch import nn

from glia.core.net import Net

__all__ = ["grouped"]


def grouped(net: nn.Module, *, lr: float, weight_decay: float) -> list[dict[str, Any]]:
    """Return optimizer groups for a network, each holding the base values that knobs multiply.

    Groups say whether their parameters are ``hidden`` weights, maps between hidden spaces.

    Decay is left off parameters with fewer than two axes (biases, norms, scales), which it would only bias toward
    zero (as He et al. 2019, "Bag of tricks", do).

    Args:
        net: The network; a :class:`~glia.core.net.Net` may ask for factors by parameter name.
        lr: The base learning rate.
        weight_decay: The base decay.

    Example:
        >>> groups = grouped(nn.Linear(2, 1), lr=0.1, weight_decay=0.01)
        >>> [(group["base_lr"], group["base_decay"], len(group["params"])) for group in groups]
        [(0.1, 0.01, 1), (0.1, 0.0, 1)]
    """
    wishes = net.factors() if isinstance(net, Net) else {}
    groups: dict[tuple[float, float, bool, float], list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        if not parameter.requires_grad:
            continue
        wish = wishes.get(name, {})
        decay = wish.get("weight_decay", 1.0 if parameter.dim() > 1 else 0.0)
        # Muon makes the update of a weight orthogonal, which suits maps between hidden spaces only.
        inner = parameter.dim() > 1 and name.endswith("weight") and not name.startswith(("output", "head"))
        # Weights that were learned elsewhere may have a pace of their own, and a moment before which they rest.
        pace, thaw = getattr(parameter, "pace", 1.0), getattr(parameter, "thaw", 0.0)
        key = (lr * wish.get("lr", 1.0) * pace, weight_decay * decay, inner, thaw)
        groups.setdefault(key, []).append(parameter)
    return [
        {
            "params": params,
            "lr": rate,
            "weight_decay": decay,
            "base_lr": rate,
            "base_decay": decay,
            "hidden": inner,
            "thaw": thaw,
        }
        for (rate, decay, inner, thaw), params in groups.items()
    ]
