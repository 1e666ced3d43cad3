"""One turn's change of the weights: rates from the knobs, the gradient from the step, clipping, the optimizer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from glia.core.parts import Reading
from glia.core.values import Batch, Loss, Turn
from glia.train.job import Job, Nets, State
from glia.train.memory import out_of_memory, shrink, stepping

__all__ = ["update"]


def update(job: Job, state: State, nets: Nets, turn: Turn, batch: Batch) -> tuple[float, float]:
    """Take one turn on one batch, unless its gradient is not finite; then nothing is changed.

    Args:
        job: The run's fixed part.
        state: The run's state.
        nets: The networks as the objective calls them.
        turn: Whose turn it is.
        batch: The rows.

    Returns:
        The loss and the norm of the gradient before clipping.

    Raises:
        TrainingError: Memory does not suffice for a single row.
    """
    optimizer = job.optimizers[turn.name]
    parameters = job.parameters(turn.name)
    loss = partial(job.objective.loss, turn.name, nets, generator=state.generator)
    lr = job.schedule(state.progress) * state.knobs["lr"]
    set_rates(optimizer, lr, state.knobs["weight_decay"], state.progress)
    # Batch norm learns from the forward pass: what a refused batch taught it must be forgotten, too.
    before = [one.clone() for one in state.buffers]
    norms: list[float] = []

    def gradient() -> Reading:
        optimizer.zero_grad()
        reading = _affordable(job, state, loss, batch, parameters, before)
        norms.append(transform(parameters, state.knobs))
        return reading

    reading = gradient()
    if math.isfinite(norms[0]):
        _move(optimizer, parameters, reading, gradient, norms)
    if not all(map(math.isfinite, norms)):
        _put_back(state.buffers, before)
        return float(reading.loss.detach()), next(norm for norm in norms if not math.isfinite(norm))
    state.in_a_row = 0
    if state.knobs["average"]:
        state.average.follow(state.knobs["average"])
    return float(reading.loss.detach()), norms[0]


def _affordable(
    job: Job,
    state: State,
    loss: Callable[[Batch], Loss],
    batch: Batch,
    parameters: list[Tensor],
    before: list[Tensor],
) -> Reading:
    """Return the reading of a step, in smaller pieces when memory does not suffice."""
    while True:
        try:
            return stepping(job, state)(loss, batch, parameters)
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            shrink(job, state, batch, error)
        for parameter in parameters:  # what is left of the attempt would lie in the way of the next
            parameter.grad = None
        _put_back(state.buffers, before)


def _move(
    optimizer: torch.optim.Optimizer,
    parameters: list[Tensor],
    reading: Reading,
    gradient: Callable[[], Reading],
    norms: list[float],
) -> None:
    """Let the optimizer move the weights; one that asks for more gradients is undone when any is not finite."""
    if not getattr(optimizer, "needs_closure", False):
        optimizer.step()
        return
    kept = [parameter.detach().clone() for parameter in parameters]
    # The first call of the closure is the gradient at hand; a line search asks for more.
    pending = [reading.loss]
    optimizer.step(lambda: pending.pop() if pending else gradient().loss)  # type: ignore[arg-type, return-value]
    if not all(map(math.isfinite, norms)):
        _put_back(parameters, kept)
        optimizer.state.clear()


@torch.no_grad()
def _put_back(tensors: Sequence[Tensor], kept: Sequence[Tensor]) -> None:
    for tensor, value in zip(tensors, kept, strict=True):
        tensor.copy_(value)


def set_rates(optimizer: torch.optim.Optimizer, lr: float, decay: float, progress: float = 1.0) -> None:
    """Set the learning rate and decay of every group to its base value times a factor; some rest at first."""
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * lr if progress >= group.get("thaw", 0.0) else 0.0
        if "base_decay" in group:
            group["weight_decay"] = group["base_decay"] * decay


@torch.no_grad()
def transform(parameters: list[Tensor], knobs: dict[str, float]) -> float:
    """Add the L1 gradient and clip, as the knobs say; return the norm of the gradient before clipping."""
    pairs = [(p, p.grad) for p in parameters if p.grad is not None]
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
