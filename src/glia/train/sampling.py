"""Where a step's time goes: a few steps are taken apart and timed, so that all others need not be."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import torch

from glia.train.job import Job, State
from glia.train.plan import Plan
from glia.train.update import update

__all__ = ["bottleneck", "phases"]

PHASES = ("data", "forward", "backward", "optimizer")


def phases(job: Job, state: State, seconds: float, most: int = 12) -> dict[str, float]:
    """Return the seconds of one step by phase: ``data``, ``forward``, ``backward``, ``optimizer``.

    The job is trained by this, so it should be one that is thrown away.

    Args:
        job: The job.
        state: Its state.
        seconds: How long measuring may take.
        most: Most steps taken.
    """
    nets = job.call(job.nets)
    turn = job.objective.turns[0]
    parameters = job.parameters(turn.name)
    rows: list[dict[str, float]] = []
    batches = job.stream.batches()
    began = time.perf_counter()
    while len(rows) < most and (len(rows) < 2 or time.perf_counter() - began < seconds):
        marks = [time.perf_counter()]
        batch = next(batches)
        marks.append(time.perf_counter())
        loss = job.objective.loss(turn.name, nets, batch, state.generator).mean()
        marks.append(time.perf_counter())
        torch.autograd.grad(loss, parameters, allow_unused=True)
        marks.append(time.perf_counter())
        update(job, state, nets, turn, batch)
        state.step += 1
        marks.append(time.perf_counter())
        data, forward, backward, whole = (after - before for before, after in pairwise(marks))
        rest = max(whole - forward - backward, 0.0)
        rows.append(dict(zip(PHASES, (data, forward, backward, rest), strict=True)))
    return {name: sorted(row[name] for row in rows[1:])[len(rows[1:]) // 2] for name in PHASES}


def bottleneck(make: Callable[[Plan], Job], plan: Plan, seconds: float) -> str:
    """Return in a sentence what most of a step's time goes into.

    Args:
        make: Builds the job afresh.
        plan: How it is run.
        seconds: How long measuring may take.
    """
    plan.apply()
    torch.manual_seed(0)
    job = make(plan)
    try:
        found = phases(job, State(job), seconds)
    except (RuntimeError, ValueError):  # a loss that hangs on more than its batch cannot be taken apart
        return ""
    total = sum(found.values()) or 1.0
    name = max(found, key=lambda one: found[one])
    return f"{name} ({found[name] / total:.0%} of a step of {total * 1e3:.2f} ms taken call by call)"
