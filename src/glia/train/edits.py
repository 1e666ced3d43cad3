"""What a remedy asks for, made: remedies themselves never touch the state."""

from __future__ import annotations

from glia.core.values import Edit, Readings
from glia.train.evaluation import restore_best
from glia.train.job import Job, State

__all__ = ["consult", "make"]


def consult(job: Job, state: State, readings: Readings) -> None:
    """Ask every remedy for a change and make it."""
    for remedy in job.remedies:
        edit = remedy.decide(readings, state.knobs)
        if edit is not None:
            make(job, state, edit)


def make(job: Job, state: State, edit: Edit) -> None:
    """Make a change and write it into the history."""
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
