"""What is written down while training goes on: events, checkpoints, batches that went wrong."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

from glia.compose.interrupts import Interrupts
from glia.compose.prepared import Prepared
from glia.core.finding import Finding
from glia.core.values import Readings
from glia.record import events
from glia.record.writer import Record
from glia.train.checkpoint import Checkpoints, write_tree
from glia.train.job import State
from glia.train.layers import LayerNorms
from glia.train.nonfinite import Trip

__all__ = ["Keeper"]

EVERY = 30.0
"""Seconds between two checkpoints."""
AT_EPOCH = 5.0
"""Seconds after which the end of an epoch, or of a trial, is reason enough for one."""
SHARE = 0.005
"""Most of the training thread's time that copying states may take; measuring layers may take as much again."""
METRICS_EVERY = 0.3
LAYERS_EVERY = 1.0
MOST_BATCHES = 10


class Keeper:
    """Writes down what happens, and saves the state between two steps.

    Args:
        record: The run's directory.
        emit: Writes an event and shows it.
        interrupts: Who wants the run to end.
        elapsed: The seconds of the budget that are spent.
        prepared: The rows, whose names findings use.
    """

    def __init__(
        self,
        record: Record,
        emit: Callable[[events.Event], None],
        interrupts: Interrupts,
        elapsed: Callable[[], float],
        prepared: Prepared,
    ) -> None:
        self.record = record
        self.emit = emit
        self.interrupts = interrupts
        self.elapsed = elapsed
        self.prepared = prepared
        self.checkpoints = Checkpoints(record.folder / "checkpoints")
        self.trial = 1
        self.spent = 0.0
        self.best: Mapping[str, Any] | None = None
        self._began = self._saved = time.perf_counter()
        self._shown = self._layered = 0.0
        self._cost = self._layer_cost = 0.0
        self._writing: tuple[int, str] | None = None
        self._layers: LayerNorms | None = None
        self._valid: events.Evaluation | None = None
        self._best: events.Evaluation | None = None
        self._metric: events.Metric | None = None
        self._odd: dict[str, events.Event] = {}
        self._told = 0
        self._batches = 0
        self._leaving = False

    def begin(self, state: State, trial: int, spent: float = 0.0) -> None:
        """A trial begins, or goes on in the middle."""
        self.trial, self.spent = trial, spent
        self._began = self._saved = time.perf_counter()
        self._layers = LayerNorms(state.job.nets)
        self._told = len(state.history)

    def keep(self, state: State) -> None:
        """Save the state after a step, when it is time to.

        Raises:
            Interrupted: Somebody wants the run to stop at once; the state is saved.
            DataError: A checkpoint could not be written; the one before is whole.
        """
        if self._layers is not None and self._layers.pending:
            self._show_layers(state)
        if self.interrupts.now:
            self.save(state)
            self.finish()
            self.interrupts.stop()
        if not self.checkpoints.busy:
            self._tell_written()
            if self._due(state):
                self.save(state)

    def _due(self, state: State) -> bool:
        """Return whether a checkpoint is due: in time, at the end of an epoch, or because the end is near."""
        if self.interrupts.wanted and not self._leaving:  # a second Ctrl-C from here on loses nothing
            self._leaving = True
            return True
        waited = time.perf_counter() - self._saved
        at_epoch = state.step % state.job.stream.steps_per_epoch == 0
        return waited >= max(AT_EPOCH if at_epoch else EVERY, self._cost / SHARE)

    def save(self, state: State) -> None:
        """Copy the state now and have it written."""
        name = f"step-{self.trial:02d}-{state.step:09d}"
        spent = self.spent + time.perf_counter() - self._began
        self._submit(name, state.step, {"state": state.state_dict(), "spent": spent, "best": self.best})

    def save_trial(self, best: Mapping[str, Any]) -> None:
        """A trial has ended: remember the best so far, and save it unless redoing takes a moment only."""
        self.best = best
        self._show_last()  # training may have ended between two looks
        name = f"step-{self.trial + 1:02d}-{0:09d}"
        if time.perf_counter() - self._saved >= AT_EPOCH or self.interrupts.now:
            self._submit(name, 0, {"state": None, "spent": 0.0, "best": best}, trial=self.trial + 1)
        if self.interrupts.now:
            self.finish()
            self.interrupts.stop()

    def finish(self) -> None:
        """Return when everything is written."""
        self.checkpoints.wait()
        self._tell_written()

    def _submit(self, name: str, step: int, tree: dict[str, Any], trial: int | None = None) -> None:
        self.checkpoints.wait()
        self._tell_written()
        began = time.perf_counter()
        self.checkpoints.submit(name, {"trial": trial or self.trial, "elapsed": self.elapsed(), **tree})
        self._saved = time.perf_counter()
        self._cost = self._saved - began
        self._writing = (step, f"checkpoints/{name}")

    def _tell_written(self) -> None:
        self.checkpoints.check()
        if self._writing is not None:
            self.emit(events.Checkpoint(*self._writing))
            self._writing = None

    def watch(self, state: State, readings: Readings) -> None:
        """Write down an evaluation, and one that was the best so far; about ten events a second at most."""
        for change in state.history[self._told :]:
            if "edit" in change and change["step"]:
                self.emit(events.Note(f"step {change['step']}: {change['edit']}"))
        self._told = len(state.history)
        now = time.perf_counter()
        for event in (self._valid, self._metric):
            if event is not None and not _whole(event):  # passing over it would hide it
                self._odd[event.kind()] = event
        if readings.valid:
            best = state.best.step == readings.step
            values: dict[str, float | None] = {n: value for n, value in readings.valid.items() if n != "score"}
            self._valid = events.Evaluation(readings.step, "valid", values, best, readings.score, self.trial)
            self._best = self._valid if best else self._best
        rate = next((row["lr"] for row in reversed(state.history) if "lr" in row), 0.0)
        self._metric = events.Metric(
            readings.step, readings.steps, readings.epoch, readings.loss, rate, readings.gradient, self.trial
        )
        if now - self._shown < METRICS_EVERY and readings.step < readings.steps:
            return
        self._shown = now
        self._show_last()
        if self._layers is not None and now - self._layered >= max(LAYERS_EVERY, self._layer_cost / SHARE):
            self._layered = now
            self._layers.remember()
            self._layer_cost = time.perf_counter() - now
        if self.interrupts.now:  # an evaluation may have been long, and the state is whole here
            self.save(state)
            self.finish()
            self.interrupts.stop()

    def _show_last(self) -> None:
        """Write down what was measured last, unless that is done."""
        best = self._best if self._best is not self._valid else None
        for event in (*self._odd.values(), best, self._valid, self._metric):
            if event is not None:
                self.emit(event)
        self._best = self._valid = self._metric = None
        self._odd = {}

    def _show_layers(self, state: State) -> None:
        assert self._layers is not None
        began = time.perf_counter()
        norms = self._layers.norms()
        self.emit(events.Layers(state.step, **norms))  # type: ignore[arg-type]
        self._layer_cost += time.perf_counter() - began

    def tripped(self, trip: Trip) -> None:
        """Write down a refused step, with the batch behind it."""
        names = {group: list(spec.names) for group, spec in self.prepared.schema.specs().items()}
        columns = [
            names[group][index] if group in names and index < len(names[group]) else group
            for group, indexes in trip.columns.items()
            for index in indexes
        ]
        rows = self.prepared.places(trip.batch.row[list(trip.rows[:10])].numpy()).tolist() if trip.rows else []
        evidence = {"step": trip.step, "layer": trip.layer, "what": trip.what, "rows": rows, "columns": columns}
        if self._batches < MOST_BATCHES and trip.what:
            self._batches += 1
            name = f"batch-{trip.step}"
            tree = {**evidence, "text": trip.text, "names": names, "bad": list(trip.rows)}
            values = {**trip.batch.values, "weight": trip.batch.weight}
            values["row"] = torch.from_numpy(self.prepared.places(trip.batch.row.numpy()))
            write_tree(self.record.folder / "snapshots" / name, {**tree, "values": values})
            self.emit(events.Snapshot(trip.step, f"snapshots/{name}"))
            evidence["snapshot"] = f"snapshots/{name}"
        remedy = f"look at it with `glia show RUN --batch {trip.step}`; a lower rate (train.lr) or another policy"
        finding = Finding(
            "nonfinite_step",
            "warning",
            f"{trip.text}; the weights were not touched",
            evidence,
            f"{remedy} (train.nonfinite=rollback) may help",
        )
        if self._batches <= MOST_BATCHES and trip.what:
            self.emit(events.Finding(**finding.as_dict()))


def _whole(event: events.Evaluation | events.Metric) -> bool:
    """Return whether all that was measured is finite."""
    values = [event.loss] if isinstance(event, events.Metric) else event.values.values()
    return all(value is not None and math.isfinite(value) for value in values)
