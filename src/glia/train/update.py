"""One turn's change of the weights: rates from the knobs, the gradient from the step, clipping, the optimizer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from glia.core.parts import Reading
from glia.core.values import Batch, Loss, Turn
from glia.train.hands import Hands
from glia.train.job import Job, Nets, State
from glia.train.memory import out_of_memory, shrink, stepping
from glia.train.moving import Each

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
    hands: Hands = state.hands or Hands(job, state)
    rate, knobs = job.schedule(state.progress) * state.knobs["lr"], state.knobs
    whole = hands.whole(nets, turn, batch)
    began = time.perf_counter()
    taken = None if whole is None else hands.attempt(whole, turn, batch, rate)
    if taken is not None:
        loss, norm = taken
        state.spend("compiled", began)
        if not math.isfinite(norm):
            return loss, norm
    else:
        loss, norms = _plainly(job, state, hands, nets, turn, batch, rate)
        if not all(map(math.isfinite, norms)):
            return loss, next(norm for norm in norms if not math.isfinite(norm))
        norm = norms[0]
    state.in_a_row = 0
    if knobs["average"]:
        state.average.follow(knobs["average"])
    return loss, norm


def _plainly(
    job: Job, state: State, hands: Hands, nets: Nets, turn: Turn, batch: Batch, rate: float
) -> tuple[float, list[float]]:
    """Take a turn call by call; return the loss and the norms of all gradients that were looked at."""
    mover = hands.mover(turn)
    spent = [0.0]

    def loss(batch: Batch) -> Loss:
        began = time.perf_counter()
        found = job.objective.loss(turn.name, nets, batch, state.generator)
        spent[0] += time.perf_counter() - began
        return found

    mover.rates(rate, state.knobs["weight_decay"])
    # Batch norm learns from the forward pass: what a refused batch taught it must be forgotten, too.
    hands.remember()
    norms: list[float] = []

    def gradient() -> Reading:
        nonlocal mover
        for parameter in mover.parameters:
            parameter.grad = None
        began, spent[0] = time.perf_counter(), 0.0
        reading = _affordable(job, state, loss, batch, mover.parameters, hands)
        state.spend("forward", time.perf_counter() - spent[0])
        state.spend("backward", began + spent[0])
        mover = hands.reaching(turn)
        norms.append(mover.transform(state.knobs))
        return reading

    reading = gradient()
    if math.isfinite(norms[0]):
        began = time.perf_counter()
        _move(mover, reading, gradient, norms)
        state.spend("optimizer", began)
    if not all(map(math.isfinite, norms)):
        hands.put_back()
    return float(reading.loss.detach()), norms


def _affordable(
    job: Job,
    state: State,
    loss: Callable[[Batch], Loss],
    batch: Batch,
    parameters: list[Tensor],
    hands: Hands,
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
        hands.put_back()


def _move(mover: Each, reading: Reading, gradient: Callable[[], Reading], norms: list[float]) -> None:
    """Let the optimizer move the weights; one that asks for more gradients is undone when any is not finite."""
    optimizer, parameters = mover.optimizer, mover.parameters
    if not getattr(optimizer, "needs_closure", False):
        mover.move()
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
