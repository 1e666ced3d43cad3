"""One turn's change of the weights: rates from the knobs, the gradient from the step, clipping, the optimizer."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor

from glia.core.errors import TrainingError
from glia.core.parts import Reading
from glia.core.values import Batch, Turn
from glia.train.job import Job, Nets, State

__all__ = ["update"]


def update(job: Job, state: State, nets: Nets, turn: Turn, batch: Batch) -> tuple[float, float]:
    """Take one turn on one batch, unless its gradient is not finite.

    Args:
        job: The run's fixed part.
        state: The run's state.
        nets: The networks as the objective calls them.
        turn: Whose turn it is.
        batch: The rows.

    Returns:
        The loss and the norm of the gradient before clipping.

    Raises:
        TrainingError: Gradients were not finite again and again, or once when the policy is ``"stop"``.
    """
    optimizer = job.optimizers[turn.name]
    parameters = job.parameters(turn.name)
    loss = partial(job.objective.loss, turn.name, nets, generator=state.generator)
    set_rates(optimizer, job.schedule(state.progress) * state.knobs["lr"], state.knobs["weight_decay"])

    def gradient() -> tuple[Reading, float]:
        optimizer.zero_grad()
        reading = job.step(loss, batch, parameters)
        return reading, transform(parameters, state.knobs)

    reading, norm = gradient()
    if not math.isfinite(norm):
        refuse(job, state, batch)
        return float(reading.loss.detach()), norm
    state.in_a_row = 0
    if getattr(optimizer, "needs_closure", False):
        # The first call of the closure is the gradient at hand; a line search asks for more.
        pending = [reading.loss]
        optimizer.step(lambda: pending.pop() if pending else gradient()[0].loss)  # type: ignore[arg-type, return-value]
    else:
        optimizer.step()
    if state.knobs["average"]:
        state.average.follow(state.knobs["average"])
    return float(reading.loss.detach()), norm


def set_rates(optimizer: torch.optim.Optimizer, lr: float, decay: float) -> None:
    """Set the learning rate and decay of every group to its base value times a factor."""
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * lr
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


def refuse(job: Job, state: State, batch: Batch) -> None:
    """Leave the weights as they are; give up when it happens again and again."""
    state.skipped += 1
    state.in_a_row += 1
    if job.nonfinite == "stop" or state.in_a_row >= 20:
        rows = batch.row[:10].tolist()
        raise TrainingError(
            "nonfinite_gradient",
            f"the gradient of step {state.step} is not finite ({state.in_a_row} steps in a row; rows {rows} ...)",
            remedy="lower the learning rate (--set train.lr=...), or look for infinite values in the data",
        )
