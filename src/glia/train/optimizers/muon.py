"""Orthogonalized momentum for hidden matrices, AdamW for all else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import torch
from torch import Tensor

from glia.core.constraints import Above, Range
from glia.train.optimizers._part import Groups, optimizer, with_gradient

__all__ = ["Muon"]


_A, _B, _C = 3.4445, -4.7750, 2.0315  # of the published quintic


@optimizer
class Muon(torch.optim.Optimizer):
    """Give the momentum of every hidden matrix singular values near one; other parameters follow AdamW.

    A matrix is a parameter of two axes or more, the first against all others, both longer than one (so a filter
    counts as one of its convolution's rows), in a group that does not say ``"hidden": False`` (as a group of
    embeddings or of the last layer should). Updates are scaled to the size of AdamW's (Liu et al. 2025), so that one
    learning rate and one decay, decoupled, serve both. The iteration runs in bfloat16, as published.

    Args:
        groups: Parameter groups.
        lr: Learning rate of groups without one.
        momentum: Memory of a matrix's gradient, in Nesterov's form.
        hold: Hold filters at a length of one each, on average, and turn them by ``lr * hold`` of it; for networks
            whose every convolution is followed by a norm (Jordan's recipe for CIFAR-10). 0 = filters move freely.
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
        hold: Annotated[float, Range(0, 1000)] = 0.0,
        beta1: Annotated[float, Range(0, 0.9999)] = 0.9,
        beta2: Annotated[float, Range(0, 0.999999)] = 0.999,
    ) -> None:
        split = [part for group in groups for part in _split({"lr": lr, "weight_decay": 0.0, **group})]
        matrices = [group for group in split if group["matrix"]]
        others = [group for group in split if not group["matrix"]]
        # One more optimizer works on this object's groups and state, so that one state_dict holds all there is.
        self._adamw = torch.optim.AdamW(others, lr=lr, betas=(beta1, beta2), fused=True) if others else None
        super().__init__([*matrices, *(self._adamw.param_groups if self._adamw else ())], {})
        self._momentum, self._hold = momentum, hold

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            if group["matrix"]:
                for alike in _alike(with_gradient(group["params"])):
                    self._turn(alike, group["lr"], group["weight_decay"])
        if self._adamw is not None:
            self._adamw.param_groups = [group for group in self.param_groups if not group["matrix"]]
            self._adamw.state = self.state
            self._adamw.step()
        return loss

    def _turn(self, alike: list[Tensor], lr: float, decay: float) -> None:
        """Turn matrices of one shape, all at once: many small products cost more than one of many."""
        updates = _orthogonal(torch.stack([self._ahead(parameter).flatten(1) for parameter in alike]))
        rows, columns = updates.shape[1:]
        for parameter, update in zip(alike, updates, strict=True):
            if self._hold and parameter.dim() > 2:
                parameter.mul_(rows**0.5 / parameter.norm().clamp(min=1e-7))
                size = lr * self._hold * (rows / min(rows, columns)) ** 0.5
            else:
                parameter.mul_(1 - lr * decay)
                size = lr * 0.2 * max(rows, columns) ** 0.5
            parameter.sub_(update.view(parameter.shape), alpha=size)

    def _ahead(self, parameter: Tensor) -> Tensor:
        """Return where the momentum will be, having let it follow the gradient."""
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        memory = state["momentum_buffer"].lerp_(gradient, 1 - self._momentum)
        return gradient.lerp(memory, self._momentum)


def _alike(parameters: list[Tensor]) -> list[list[Tensor]]:
    """Return parameters by the shape of their matrices."""
    found: dict[tuple[int, int], list[Tensor]] = {}
    for parameter in parameters:
        found.setdefault((len(parameter), parameter.numel() // len(parameter)), []).append(parameter)
    return list(found.values())


def _orthogonal(matrices: Tensor) -> Tensor:
    """Return matrices (N, rows, columns) with their singular values near one, by five rounds of Newton and Schulz."""
    tall = matrices.shape[1] > matrices.shape[2]
    found = matrices.bfloat16()
    found = found / torch.linalg.vector_norm(found, dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(5):
        square = found.mT @ found if tall else found @ found.mT  # of the shorter side
        factor = torch.baddbmm(square, square, square, beta=_B, alpha=_C)
        found = torch.baddbmm(found, *((found, factor) if tall else (factor, found)), beta=_A)
    return found.to(matrices.dtype)


def _split(group: dict[str, Any]) -> Groups:
    """Return a group as one of matrices and one of everything else, without empty ones."""
    parameters: list[Tensor] = list(group["params"])
    hidden = group.get("hidden", True)
    matrices = {id(p) for p in parameters if hidden and p.dim() > 1 and min(len(p), p.numel() // max(len(p), 1)) > 1}
    halves = ((flag, [p for p in parameters if (id(p) in matrices) is flag]) for flag in (True, False))
    return [{**group, "params": half, "matrix": flag} for flag, half in halves if half]
