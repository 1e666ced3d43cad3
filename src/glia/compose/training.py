"""From encoded rows to a trained network: jobs are built here, planned, run, and the best one is kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from glia.compose.choices import Choices
from glia.compose.fittings import remedies_of, schedule_of, step_of, stream_of
from glia.compose.looking import looking, part_of, valid_loss
from glia.compose.network import network
from glia.compose.prepared import Prepared
from glia.compose.settled import seen_once
from glia.compose.transfer import folded
from glia.core.parts import Objective
from glia.core.values import derived
from glia.train.device import place, resident
from glia.train.evaluation import evaluating
from glia.train.finder import Found, find
from glia.train.groups import grouped
from glia.train.job import Job, State
from glia.train.loop import train
from glia.train.optimizers import optimizers
from glia.train.plan import Plan
from glia.train.roofline import flops, peaks
from glia.train.steps._splits import refuse_coupled
from glia.train.update import update

__all__ = ["Trained", "build", "found_rate", "look_seconds", "run", "watched_rows"]


@dataclass
class Trained:
    """A network with its best weights, and how it came to them.

    Args:
        net: The network.
        objective: What it was trained for.
        choices: The decisions it was trained by.
        score: Its validation score, larger is better.
        steps: Steps taken.
        best_step: The step whose weights were kept.
        history: What was measured on the way.
        stopped: Why training ended before its last step; empty when it did not.
        skipped: Steps refused because their gradient was not finite.
        seconds: How long training took.
        phases: What this time went into, in seconds.
        roofline: The share of the machine's measured peak of matrix products that was reached; ``None`` where the
            products of a step cannot be counted.
    """

    net: nn.Module
    objective: Objective
    choices: Choices
    score: float
    steps: int
    best_step: int
    history: list[dict[str, Any]]
    stopped: str = ""
    skipped: int = 0
    seconds: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)
    roofline: float | None = None


def build(prepared: Prepared, choices: Choices, plan: Plan, *, module: nn.Module | None = None, seed: int = 0) -> Job:
    """Return the job that trains a network on prepared rows.

    Args:
        prepared: The rows.
        choices: Every decision, filled in.
        plan: How the machine is used.
        module: A network of the person's own, instead of one from the shelf.
        seed: The seed of initialization, order and dropout.
    """
    objective = choices.objective()
    torch.manual_seed(derived(seed, "init"))
    role = objective.roles(prepared.specs(), prepared.asked())["net"]
    rows = part_of(prepared, "train")
    net = network(prepared, choices, role, rows, module=module, seed=seed)
    rows, valid = (seen_once(net, prepared, choices, part) for part in ("train", "valid"))
    groups = grouped(net, lr=choices.lr, weight_decay=choices.weight_decay)
    optimizer = optimizers.get(choices.optimizer)(groups, lr=choices.lr, **choices.optimizer_options)
    torch.manual_seed(derived(seed, "dropout"))
    step = step_of(choices)
    refuse_coupled(step, objective)
    job = Job(
        objective=objective,
        nets={"net": net},
        stream=stream_of(prepared, rows, choices, seed),
        step=step,
        optimizers={"main": optimizer},
        steps=choices.steps,
        schedule=schedule_of(choices),
        remedies=remedies_of(choices),
        evaluate=looking(prepared, resident(valid, plan.device), objective, choices, watched_rows(choices, len(valid))),
        evaluate_every=choices.evaluate_every,
        call=plan.call,
        plan=plan,
        seed=seed,
        nonfinite=choices.nonfinite,
    )
    return place(job)


def watched_rows(choices: Choices, rows: int) -> int:
    """Return how many validation rows are looked at during training."""
    # A loss is a mean over many places already: sixteen batches of rows say it well enough.
    return min(rows, 16 * max(choices.batch_size or rows, 16)) if choices.watch == "loss" else rows


def look_seconds(prepared: Prepared, job: Job, most: int = 256) -> float | None:
    """Return the seconds that a look at one row takes, measured on a few; ``None`` where there is no row to look at.

    What a step takes says little of it where batches are small: a step has costs that do not grow with its rows.

    Args:
        prepared: The rows.
        job: A job that nothing else is done with.
        most: Rows looked at.
    """
    rows = part_of(prepared, "valid").take(slice(0, most))
    if not len(rows):
        return None
    took = float("inf")
    with evaluating(job.nets):
        for _ in range(2):  # the first warms up
            began = time.perf_counter()
            valid_loss(job.objective, rows, job.nets)
            took = min(took, time.perf_counter() - began)
            if took > 1:
                break
    return took / len(rows)


def found_rate(make: Callable[[], Job], choices: Choices, seconds: float | None) -> Found:
    """Return the learning rate that a range test suggests, on a copy that is thrown away.

    Args:
        make: Builds the job afresh.
        choices: The decisions, whose rate is the one to fall back on.
        seconds: How long trying may take; ``None`` where no clock decides.
    """
    job = make()
    state = State(job)
    nets = job.call(job.nets)
    batches = job.stream.batches()
    ends = None if seconds is None else time.perf_counter() + seconds

    def loss_at(lr: float) -> float:
        if ends is not None and time.perf_counter() > ends:
            return float("inf")  # ends the test
        state.knobs["lr"] = lr / choices.lr
        return update(job, state, nets, job.objective.turns[0], next(batches))[0]

    with torch.random.fork_rng(devices=[]):
        return find(loss_at, default=choices.lr)


def run(
    job: Job,
    choices: Choices,
    plan: Plan,
    *,
    state: State,
    spent: float = 0.0,
    deadline: float | None = None,
    stop: Callable[[], bool] = lambda: False,
    **hooks: Callable[..., None],
) -> Trained:
    """Train a job and return the network with its best weights.

    Args:
        job: The job.
        choices: The decisions behind it.
        plan: How the machine is used.
        state: Where training stands: fresh, or loaded from a checkpoint.
        spent: Seconds of training behind that state.
        deadline: When the clock ends training, as :func:`time.perf_counter` counts; ``None`` = never.
        stop: Asked after every step whether a person wants training to end well.
        hooks: ``watch``, ``keep`` and ``tripped`` of :func:`glia.train.loop.train`.
    """
    plan.apply()
    began = time.perf_counter() - spent
    cut = [False]

    def hurry(state: State) -> bool:
        if stop():
            state.stopped = "interrupted"
        elif state.step == choices.stop:
            state.stopped = "training ended here the first time"
        elif deadline is not None and time.perf_counter() > deadline:
            state.stopped = "the clock ended training"
        cut[0] = bool(state.stopped)
        return cut[0]

    train(job, state, hurry=hurry, **hooks)
    net = folded(job.nets["net"]).eval()
    return Trained(
        net,
        job.objective,
        replace(choices, stop=state.step if cut[0] else choices.stop),
        state.best.score,
        state.step,
        state.best.step,
        state.history,
        state.stopped,
        state.skipped,
        time.perf_counter() - began,
        dict(state.seconds),
        _reached(job, state, plan),
    )


def _reached(job: Job, state: State, plan: Plan) -> float | None:
    """Return the share of the machine's measured peak that matrix products reached."""
    busy = sum(state.seconds.get(phase, 0.0) for phase in ("forward", "backward", "compiled"))
    count = flops(job) if busy > 1.0 else None  # of a moment's training, nobody asks
    if count is None or plan.device != "cpu":  # what a card can do is not measured
        return None
    return count * state.step / busy / 1e9 / peaks(plan.threads)[plan.precision]
