"""Orthogonalized momentum for hidden matrices, AdamW for all else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import torch
from torch import Tensor

from glia.core.constraints import Above, Range
from glia.train.optimizers._part import Groups, optimizer

__all__ = ["Muon"]


@optimizer
class Muon(torch.optim.Optimizer):
    """Give the momentum of every hidden matrix singular values near one; other parameters follow AdamW.

    A matrix is a parameter of two axes, both longer than one, in a group that does not say ``"hidden":
    False`` (as a group of embeddings or of the last layer should). Updates are scaled to the size of AdamW's
    (Liu et al. 2025), so that one learning rate and one decay, decoupled, serve both. The iteration runs in
    bfloat16, as published.

    Args:
        groups: Parameter groups.
        lr: Learning rate of groups without one.
        momentum: Memory of a matrix's gradient, in Nesterov's form.
        beta1: AdamW's memory of the gradient.
        beta2: AdamW's memory of the squared gradient.

    Example:
        >>> net = torch.nn.Linear(3, 2)
        >>> made = Muon([{"params": list(net.parameters())}])
        >>> [(group["matrix"], len(group["params"])) for group in made.param_groups]
        [(True, 1), (False, 1)]

    Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks".
    """

    def __init__(
        self,
        groups: Groups,
        *,
        lr: Annotated[float, Above(0)] = 5e-3,
        momentum: Annotated[float, Range(0, 0.9999)] = 0.95,
        beta1: Annotated[float, Range(0, 0.9999)] = 0.9,
        beta2: Annotated[float, Range(0, 0.999999)] = 0.999,
    ) -> None:
        split = [part for group in groups for part in _split(group)]
        matrices = [group for group in split if group["matrix"]]
        others = [group for group in split if not group["matrix"]]
        kinds: list[torch.optim.Optimizer] = []
        if matrices:
            kinds.append(
                torch.optim.Muon(matrices, lr=lr, momentum=momentum, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
            )
        if others:
            kinds.append(torch.optim.AdamW(others, lr=lr, betas=(beta1, beta2), weight_decay=0.0, fused=True))
        super().__init__([group for kind in kinds for group in kind.param_groups], {})
        self._kinds = kinds

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient."""
        loss = closure() if closure is not None else None
        for kind in self._kinds:
            # Both work on this object's groups and state, so that one state_dict holds all there is.
            matrix = isinstance(kind, torch.optim.Muon)
            kind.param_groups = [group for group in self.param_groups if group["matrix"] is matrix]
            kind.state = self.state
            kind.step()
        return loss


def _split(group: dict[str, Any]) -> Groups:
    """Return a group as one of matrices and one of everything else, without empty ones."""
    parameters: list[Tensor] = list(group["params"])
    hidden = group.get("hidden", True)
    matrices = {id(p) for p in parameters if hidden and p.dim() == 2 and min(p.shape) > 1}
    halves = ((flag, [p for p in parameters if (id(p) in matrices) is flag]) for flag in (True, False))
    return [{**group, "params": half, "matrix": flag} for flag, half in halves if half]
