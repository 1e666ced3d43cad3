"""AdamW whose average replaces the schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import torch
from torch import Tensor

from glia.core.constraints import Above, Range
from glia.train.optimizers._part import Groups, optimizer, with_gradient

__all__ = ["ScheduleFree"]


@optimizer
class ScheduleFree(torch.optim.Optimizer):
    """Take gradients between a fast sequence and its running average, and keep the average.

    With ``z`` the fast weights, ``x`` their average and ``y = (1 - beta1) z + beta1 x`` the weights in the
    network: ``z -= lr * (g / (√v + eps) + weight_decay * y)`` and ``x += c (z - x)``, where ``c`` is the
    squared learning rate over the sum of all so far. Combine it with a constant schedule, warmed up; judge
    and keep what :meth:`averaged` shows.

    Args:
        groups: Parameter groups.
        lr: Learning rate of groups without one; larger than AdamW's.
        beta1: How near the average gradients are taken.
        beta2: Memory of the squared gradient.
        eps: Keeps the division finite.

    Example:
        >>> w = torch.ones(1, requires_grad=True)
        >>> free = ScheduleFree([{"params": [w]}], lr=0.5)
        >>> for _ in range(4):
        ...     w.grad = 2 * w.detach()
        ...     free.step()
        >>> before = w.item()
        >>> with free.averaged():
        ...     w.item() == before
        False
        >>> w.item() == before
        True

    Source: Defazio et al. 2024, "The road less scheduled".
    """

    def __init__(
        self,
        groups: Groups,
        *,
        lr: Annotated[float, Above(0)] = 2.5e-3,
        beta1: Annotated[float, Range(0.0001, 0.9999)] = 0.9,
        beta2: Annotated[float, Range(0, 0.999999)] = 0.999,
        eps: Annotated[float, Above(0)] = 1e-8,
    ) -> None:
        defaults = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": 0.0}
        # The age and the average's weights belong to a group and are saved with it.
        super().__init__(groups, {**defaults, "age": 0, "lr_max": 0.0, "weight_sum": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient."""
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            group["age"] += 1
            group["lr_max"] = max(group["lr_max"], group["lr"])
            weight = group["lr_max"] ** 2
            group["weight_sum"] += weight
            share = weight / group["weight_sum"] if group["weight_sum"] else 0.0
            parameters = with_gradient(group["params"])
            if parameters:
                self._move(group, parameters, share)
        return loss

    def _move(self, group: dict[str, Any], y: list[Tensor], share: float) -> None:
        for parameter in y:
            if not self.state[parameter]:
                self.state[parameter] = {
                    "z": parameter.detach().clone(),
                    "square": torch.zeros_like(parameter),
                }
        z = [self.state[parameter]["z"] for parameter in y]
        square = [self.state[parameter]["square"] for parameter in y]
        gradient = [parameter.grad for parameter in y if parameter.grad is not None]
        torch._foreach_mul_(square, group["beta2"])
        torch._foreach_addcmul_(square, gradient, gradient, value=1 - group["beta2"])
        scale = torch._foreach_div(square, 1 - group["beta2"] ** group["age"])
        torch._foreach_sqrt_(scale)
        torch._foreach_add_(scale, group["eps"])
        change = torch._foreach_div(gradient, scale)
        if group["weight_decay"]:
            torch._foreach_add_(change, y, alpha=group["weight_decay"])
        # y is moved directly: x would cost one more copy of every weight.
        torch._foreach_lerp_(y, z, weight=share)
        torch._foreach_add_(y, change, alpha=group["lr"] * (group["beta1"] * (1 - share) - 1))
        torch._foreach_sub_(z, change, alpha=group["lr"])

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Put the average into the parameters inside the block; then training's weights are back exactly."""
        kept: list[tuple[Tensor, Tensor]] = []
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    z = self.state.get(parameter, {}).get("z")
                    if z is not None:
                        kept.append((parameter, parameter.detach().clone()))
                        parameter.lerp_(z, 1 - 1 / group["beta1"])
        try:
            yield
        finally:
            with torch.no_grad():
                for parameter, weights in kept:
                    parameter.copy_(weights)
