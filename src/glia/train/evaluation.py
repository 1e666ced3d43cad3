"""Looking at the networks during training, without changing anything that training depends on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from glia.core.values import Readings
from glia.train.device import chance, here, rechance
from glia.train.job import Best, Job, State

__all__ = ["evaluating", "keep_best", "measure", "restore_best"]


@contextmanager
def evaluating(nets: Mapping[str, nn.Module]) -> Iterator[None]:
    """Evaluation mode without gradients inside the block; observing draws no random number of training's."""
    modes = {name: net.training for name, net in nets.items()}
    random, drawn = torch.get_rng_state(), chance()
    for net in nets.values():
        net.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_rng_state(random)
        rechance(drawn)
        for name, net in nets.items():
            net.train(modes[name])


@contextmanager
def judged(job: Job, state: State) -> Iterator[None]:
    """Hold the weights that would be kept: averaged ones, where there are any."""
    with ExitStack() as stack:
        for optimizer in job.optimizers.values():
            if hasattr(optimizer, "averaged"):
                stack.enter_context(optimizer.averaged())
        stack.enter_context(state.average.applied())
        yield


def measure(job: Job, state: State) -> Readings:
    """Return what training and validation look like now, and write it into the history."""
    losses, norm = state.losses, state.gradient
    began = time.perf_counter()
    valid: dict[str, float] = {}
    if job.evaluate is not None:
        with judged(job, state), evaluating(job.nets), here(job.plan.device):
            valid = dict(job.evaluate(job.nets))
    # A NaN among the losses stays visible: it is never averaged away.
    loss = sum(losses) / len(losses) if losses else float("nan")
    epoch = state.step / job.stream.steps_per_epoch
    readings = Readings(state.step, job.steps, epoch, loss, norm, valid, valid.get("score"))
    state.history.append(
        {
            "step": state.step,
            "epoch": round(epoch, 4),
            "loss": loss,
            "gradient": norm,
            "lr": rate(job, state),
            "valid": valid,
            "seconds": round(time.perf_counter() - began, 4),
        }
    )
    state.losses, state.seen = [], state.step
    return readings


def rate(job: Job, state: State) -> float:
    """Return the learning rate as it is now; groups may have factors of their own on it."""
    base = next(iter(job.optimizers.values())).defaults.get("lr", 1.0)
    return float(base * job.schedule(state.progress) * state.knobs["lr"])


def keep_best(job: Job, state: State, readings: Readings) -> None:
    """Remember the weights when their validation score is the best so far; without one, the last weights."""
    score = float(state.step) if readings.score is None else readings.score
    if score > state.best.score or not state.best.weights:
        with judged(job, state):
            weights = {
                role: {name: value.detach().clone() for name, value in net.state_dict().items()}
                for role, net in job.nets.items()
            }
        state.best = Best(score, state.step, weights)


def restore_best(job: Job, state: State) -> None:
    """Put the best weights back into the networks."""
    for role, weights in state.best.weights.items():
        job.nets[role].load_state_dict(weights)
