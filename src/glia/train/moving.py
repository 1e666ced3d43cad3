"""How weights are moved along a gradient: parameter by parameter, or all of them as one buffer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from glia.train.flat import Flat
from glia.train.optimizers.schedule_free import ScheduleFree

__all__ = ["Each", "Whole", "mover"]

Mover = "Each | Whole"


class Each:
    """Let the optimizer work as it is: one call for each parameter or list of them.

    Args:
        optimizer: The optimizer, whose groups hold ``base_lr`` and ``base_decay``.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.optimizer = optimizer
        self.parameters: list[Tensor] = [p for group in optimizer.param_groups for p in group["params"]]

    def rates(self, lr: float, decay: float) -> None:
        """Set the learning rate and decay of every group to its base value times a factor."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * lr
            if "base_decay" in group:
                group["weight_decay"] = group["base_decay"] * decay

    @torch.no_grad()
    def transform(self, knobs: Mapping[str, float]) -> float:
        """Add the L1 gradient and clip, as the knobs say; return the norm of the gradient before clipping."""
        pairs = [(p, p.grad) for p in self.parameters if p.grad is not None]
        gradients = [grad for _, grad in pairs]
        if not gradients:
            return 0.0
        if knobs.get("l1"):
            for parameter, grad in pairs:
                grad.add_(parameter.sign(), alpha=knobs["l1"])
        norm = float(torch.nn.utils.get_total_norm(gradients))
        if math.isfinite(norm):
            if 0 < knobs.get("clip_norm", 0.0) < norm:
                torch._foreach_mul_(gradients, knobs["clip_norm"] / norm)
            if knobs.get("clip_value"):
                torch._foreach_clamp_max_(gradients, knobs["clip_value"])
                torch._foreach_clamp_min_(gradients, -knobs["clip_value"])
        return norm

    def move(self) -> None:
        """Take the step."""
        self.optimizer.step()

    def release(self) -> None:
        """Nothing was taken."""


class Whole(Each):
    """Keep weights, gradient and moments in one buffer each, which an elementwise optimizer moves in one call a group.

    The optimizer's own state holds windows of these buffers, so that it is saved and loaded as always.

    Args:
        optimizer: An optimizer that :func:`flattens`.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        super().__init__(optimizer)
        self.flat = Flat(self.parameters)
        self.gradient = torch.zeros_like(self.flat.buffer)
        self.moments: dict[str, Flat] = {}
        self.spans = self._laid()
        self.ages: list[Tensor] = []

    def _laid(self) -> list[slice]:
        spans, at = [], 0
        for group in self.optimizer.param_groups:
            count = sum(p.numel() for p in group["params"])
            spans.append(slice(at, at + count))
            at += count
        return spans

    @torch.no_grad()
    def transform(self, knobs: Mapping[str, float]) -> float:
        """Gather the gradients into one buffer; add the L1 gradient and clip, as the knobs say; return the norm."""
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters]
        self.flat.gathered(gradients, self.gradient)
        return self.shaped(knobs)

    @torch.no_grad()
    def shaped(self, knobs: Mapping[str, float], square: float = math.inf) -> float:
        """Add the L1 gradient to the gathered one and clip, as the knobs say; return the norm.

        Args:
            knobs: The knobs.
            square: The gathered gradient's squared norm, where it is known and finite.
        """
        gathered = self.gradient
        if knobs.get("l1"):
            gathered.add_(self.flat.buffer.sign(), alpha=knobs["l1"])
            square = math.inf
        norm = math.sqrt(square) if math.isfinite(square) else _length(gathered)
        if math.isfinite(norm):
            if 0 < knobs.get("clip_norm", 0.0) < norm:
                gathered.mul_(knobs["clip_norm"] / norm)
            if knobs.get("clip_value"):
                gathered.clamp_(-knobs["clip_value"], knobs["clip_value"])
        return norm

    @torch.no_grad()
    def move(self) -> None:
        """Take the step, one call a group."""
        self.adopt()
        kind = type(self.optimizer)
        buffers = {name: flat.buffer for name, flat in self.moments.items()}
        for index, group in enumerate(self.optimizer.param_groups):
            span = self.spans[index]
            weights, gradient = [self.flat.buffer[span]], [self.gradient[span]]
            if kind is torch.optim.SGD:
                _sgd(group, weights, gradient, [buffers["momentum_buffer"][span]] if buffers else [])
                continue
            call = torch._fused_adamw_ if kind is torch.optim.AdamW else torch._fused_adam_
            age = self.ages[index].add_(1)
            call(
                weights,
                gradient,
                [buffers["exp_avg"][span]],
                [buffers["exp_avg_sq"][span]],
                [],
                [age],
                lr=group["lr"],
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                weight_decay=group["weight_decay"],
                eps=group["eps"],
                amsgrad=False,
                maximize=False,
            )

    def adopt(self) -> None:
        """Make the optimizer's state windows of one buffer, whether it is empty, was loaded or was cleared."""
        state, first = self.optimizer.state, self.parameters[0]
        names = _moments(self.optimizer)
        if self.moments or self.ages:
            known = state.get(first)
            if known and all(known.get(name) is self.moments[name].tensors[0] for name in names):
                return
        for name in names:
            held = [state[p].get(name) if p in state else None for p in self.parameters]
            fresh = [
                torch.zeros_like(p, memory_format=torch.preserve_format) if one is None else one.detach().clone()
                for p, one in zip(self.parameters, held, strict=True)
            ]
            laid = [_like(one, p) for p, one in zip(self.parameters, fresh, strict=True)]
            self.moments[name] = Flat(laid)
        self.ages = []
        for group in self.optimizer.param_groups:
            head = state.get(group["params"][0], {}) if group["params"] else {}
            age = head["step"].detach().float().clone() if "step" in head else torch.tensor(0.0)
            self.ages.append(age.to(first.device))
        self._hold(names)

    def _hold(self, names: tuple[str, ...]) -> None:
        at = 0
        for index, group in enumerate(self.optimizer.param_groups):
            for parameter in group["params"]:
                own: dict[str, Any] = {name: self.moments[name].tensors[at] for name in names}
                if not isinstance(self.optimizer, torch.optim.SGD):
                    own = {"step": self.ages[index], **own}
                if own:
                    self.optimizer.state[parameter] = own
                at += 1

    def release(self) -> None:
        """Give weights and moments memory of their own again."""
        for flat in (self.flat, *self.moments.values()):
            flat.release()
        for parameter in self.parameters:
            own = self.optimizer.state.get(parameter)
            if own and "step" in own:
                own["step"] = own["step"].clone()
        self.moments, self.ages = {}, []


def _length(line: Tensor) -> float:
    """Return the Euclidean norm of a line of numbers."""
    # A dot product is many times quicker than a norm; where its squares overflow, the norm decides.
    square = float(torch.dot(line, line))
    return math.sqrt(square) if math.isfinite(square) else float(torch.linalg.vector_norm(line))


def _like(tensor: Tensor, model: Tensor) -> Tensor:
    """Return a tensor with the memory format of another, which a loaded state may lack."""
    return tensor if tensor.stride() == model.stride() else torch.empty_like(model).copy_(tensor)


def _moments(optimizer: torch.optim.Optimizer) -> tuple[str, ...]:
    if isinstance(optimizer, torch.optim.SGD):
        return ("momentum_buffer",) if optimizer.param_groups[0]["momentum"] else ()
    return ("exp_avg", "exp_avg_sq")


def _sgd(group: dict[str, Any], weights: list[Tensor], gradient: list[Tensor], moment: list[Tensor]) -> None:
    torch._fused_sgd_(
        weights,
        gradient,
        moment,
        weight_decay=group["weight_decay"],
        momentum=group["momentum"],
        lr=group["lr"],
        dampening=group["dampening"],
        nesterov=group["nesterov"],
        maximize=False,
        # A velocity that begins at zero is what the first gradient alone would make of it.
        is_first_step=False,
    )


def flattens(optimizer: torch.optim.Optimizer) -> bool:
    """Return whether an optimizer treats every weight alone and can so be run on one buffer.

    Example:
        >>> flattens(torch.optim.AdamW([torch.ones(1, requires_grad=True)]))
        True
        >>> flattens(torch.optim.LBFGS([torch.ones(1, requires_grad=True)]))
        False
    """
    if type(optimizer) not in (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD):
        return False
    kinds = {(p.dtype, p.device) for group in optimizer.param_groups for p in group["params"]}
    plain = all(
        not group.get("amsgrad") and not group.get("maximize") and not group.get("dampening")
        for group in optimizer.param_groups
    )
    return len(kinds) == 1 and plain and not isinstance(optimizer, ScheduleFree)


def mover(optimizer: torch.optim.Optimizer, form: str) -> Each:
    """Return what moves the weights: ``"flat"`` where wished and possible, else each parameter alone."""
    return Whole(optimizer) if form == "flat" and flattens(optimizer) else Each(optimizer)
