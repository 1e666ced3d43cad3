"""The only training loop: five points of variation, and no sixth.

Stream (where batches come from), nets, objective (turns and losses), step (how a gradient is taken), remedies (who
may ask for a change). Classifiers, GANs, contrastive encoders and policies all train here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from glia.core.values import Readings
from glia.train.device import home
from glia.train.edits import consult
from glia.train.evaluation import keep_best, measure, restore_best
from glia.train.job import Job, State
from glia.train.nonfinite import Trip, refuse
from glia.train.update import update

__all__ = ["train"]


def train(
    job: Job,
    state: State,
    *,
    watch: Callable[[State, Readings], None] = lambda state, readings: None,
    hurry: Callable[[State], bool] = lambda state: False,
    keep: Callable[[State], None] = lambda state: None,
    tripped: Callable[[Trip], None] = lambda trip: None,
) -> State:
    """Run a job to its end, keeping the best weights.

    Args:
        job: What stays as it is.
        state: What changes; a state loaded from a checkpoint goes on where it was.
        watch: Called after every evaluation.
        hurry: Asked after every step; true ends training here (the clock, or a person).
        keep: Called after every step, the moment at which the state is whole and may be saved.
        tripped: Told of a gradient that was not finite, and of what a replay of its batch found.

    Returns:
        The state, its networks holding the best weights.

    Raises:
        TrainingError: Gradients stayed non-finite, or memory did not suffice for a single row.
    """
    nets = job.call(job.nets)
    batches = job.stream.batches()
    if state.step == 0:
        consult(job, state, Readings(0, job.steps, 0.0, math.nan, 0.0))
    while True:
        late = state.step > 0 and hurry(state)
        due = state.step % job.evaluate_every == 0 or state.step == job.steps
        if state.step > state.seen and (late or due):
            began = time.perf_counter()
            readings = measure(job, state)
            keep_best(job, state, readings)
            state.spend("evaluate", began)
            consult(job, state, readings)
            watch(state, readings)
        if late or state.stopped or state.step >= job.steps:
            break
        began = time.perf_counter()
        batch = next(batches)
        state.spend("data", began)
        for turn in job.objective.turns:
            if state.step % turn.every == 0:
                loss, state.gradient = update(job, state, nets, turn, batch)
                state.losses.append(loss)
                if not math.isfinite(state.gradient):
                    refuse(job, state, turn, batch, tripped)
        state.step += 1
        keep(state)
    if state.hands is not None:
        state.hands.release()
    restore_best(job, state)
    home(job)
    return state
