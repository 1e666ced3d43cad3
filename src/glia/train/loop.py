"""The only training loop: five points of variation, and no sixth.

Stream (where batches come from), nets, objective (turns and losses), step (how a gradient is taken), remedies (who
may ask for a change). Classifiers, GANs, contrastive encoders and policies all train here.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from glia.core.values import Edit, Readings
from glia.train.evaluation import keep_best, measure, restore_best
from glia.train.job import Job, State
from glia.train.update import update

__all__ = ["train"]


def train(
    job: Job,
    state: State,
    *,
    watch: Callable[[State, Readings], None] = lambda state, readings: None,
    hurry: Callable[[State], bool] = lambda state: False,
) -> State:
    """Run a job to its end, keeping the best weights.

    Args:
        job: What stays as it is.
        state: What changes; a state loaded from a checkpoint goes on where it was.
        watch: Called after every evaluation.
        hurry: Asked after every step; true ends training here (the clock, or a person).

    Returns:
        The state, its networks holding the best weights.

    Raises:
        TrainingError: Gradients stayed non-finite.
    """
    nets = job.call(job.nets)
    losses: list[float] = []
    norm = 0.0
    if state.step == 0:
        consult(job, state, Readings(0, job.steps, 0.0, float("nan"), 0.0))
    for batch in islice(job.stream.batches(), max(job.steps - state.step, 0)):
        for turn in job.objective.turns:
            if state.step % turn.every == 0:
                loss, norm = update(job, state, nets, turn, batch)
                losses.append(loss)
        state.step += 1
        late = hurry(state)
        if late or state.step % job.evaluate_every == 0 or state.step == job.steps:
            readings = measure(job, state, losses, norm)
            keep_best(job, state, readings)
            consult(job, state, readings)
            watch(state, readings)
            losses = []
        if late or state.stopped:
            break
    restore_best(job, state)
    return state


def consult(job: Job, state: State, readings: Readings) -> None:
    """Ask every remedy for a change and make it."""
    for remedy in job.remedies:
        edit = remedy.decide(readings, state.knobs)
        if edit is not None:
            make(job, state, edit)


def make(job: Job, state: State, edit: Edit) -> None:
    """Make a change that a remedy asked for: remedies themselves never touch the state."""
    state.knobs.update(edit.knobs)
    if edit.restore:
        restore_best(job, state)
        # Moments and averages belong to the weights that were left behind.
        state.average.forget()
        for optimizer in job.optimizers.values():
            optimizer.state.clear()
    if edit.stop:
        state.stopped = edit.reason
    state.history.append({"step": state.step, "edit": edit.reason})
