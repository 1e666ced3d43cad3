"""A gradient that is not finite: never stepped on, traced to layer, rows and columns, answered by a policy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from glia.core.errors import TrainingError
from glia.core.names import listed
from glia.core.values import Batch, Edit, Turn
from glia.train.device import HOME, moved
from glia.train.edits import make
from glia.train.job import Job, State

__all__ = ["Trip", "refuse", "replay"]

MOST_IN_A_ROW = 20
MOST_REPLAYS = 5
MOST_RETURNS = 3
MOST_SINGLE_ROWS = 256
MOST_COLUMNS = 512
FEW = 8
FACTOR = 0.3


@dataclass(frozen=True)
class Trip:
    """What a replay found out about a refused step.

    Args:
        step: Which one it would have been, counted from 1.
        turn: Whose turn it was.
        batch: The rows of the step.
        layer: The first layer at fault, as the network names it; empty when the replay was finite.
        what: What of it is not finite: ``"weight"``, ``"input"``, ``"output"``, ``"loss"`` or ``"gradient"``.
        rows: Places in the batch that are at fault; all of them when the weights are.
        columns: By group, the features that are at fault: with a common value in their place, all is finite.
        text: The same in a sentence.
    """

    step: int
    turn: str
    batch: Batch
    layer: str = ""
    what: str = ""
    rows: tuple[int, ...] = ()
    columns: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    text: str = ""


def refuse(job: Job, state: State, turn: Turn, batch: Batch, tripped: Callable[[Trip], None]) -> None:
    """Trace a gradient that was not finite and do what the policy says.

    Args:
        job: The run's fixed part, with the policy.
        state: The run's state, whose weights no such gradient has touched.
        turn: Whose turn it was.
        batch: The rows of the step.
        tripped: Told of what was found.

    Raises:
        TrainingError: The policy is to stop, or nothing else has helped.
    """
    state.skipped += 1
    state.in_a_row += 1
    state.returns += job.nonfinite == "rollback"
    enough = job.nonfinite == "stop" or state.in_a_row >= MOST_IN_A_ROW or state.returns > MOST_RETURNS
    replayed = enough or state.skipped <= MOST_REPLAYS
    trip = replay(job, state, turn, batch) if replayed else Trip(state.step + 1, turn.name, batch, text=_what(state))
    tripped(replace(trip, batch=moved(trip.batch, HOME)))
    if enough:
        rows = batch.row[list(trip.rows[:10])].tolist() if trip.rows else batch.row[:10].tolist()
        raise TrainingError(
            "nonfinite_gradient",
            f"{trip.text} ({state.in_a_row} steps in a row; training rows {rows} ...)",
            remedy="lower the learning rate (--set train.lr=...), or look for infinite values in the data",
        )
    if job.nonfinite == "rollback":
        lower = state.knobs["lr"] * FACTOR
        reason = f"{trip.text}: back to the best weights, learning rate {lower:g} of its plan"
        make(job, state, Edit(reason, {"lr": lower}, restore=True))


def replay(job: Job, state: State, turn: Turn, batch: Batch) -> Trip:
    """Take a batch through the plain networks again and find the first thing in it that is not finite.

    Nothing that training depends on is changed: no weight, no statistic, no random number.
    """
    bad = {name for net in job.nets.values() for name, p in net.named_parameters() if not _finite(p)}
    if bad:
        return _told(state, turn, batch, layer=min(bad), what="weight", rows=tuple(range(len(batch))))
    inputs = {name: ~torch.isfinite(value) for name, value in batch.values.items() if value.is_floating_point()}
    inputs = {name: mask for name, mask in inputs.items() if mask.any()}
    if inputs:
        rows = sorted({int(row) for mask in inputs.values() for row in mask.flatten(1).any(1).nonzero()[:, 0]})
        columns = {name: tuple(mask.flatten(1).any(0).nonzero()[:, 0].tolist()) for name, mask in inputs.items()}
        layer = listed(inputs)
        return _told(state, turn, batch, layer=layer, what="input", rows=tuple(rows), columns=columns)
    with _undisturbed(job, state) as generator, _traced(job.nets) as trace:
        loss = job.objective.loss(turn.name, dict(job.nets), batch, generator)
        if not trace.bad and not _finite(loss.value):
            trace.note("loss", "loss", loss.value, len(batch))
        if not trace.bad:
            loss.mean().backward(inputs=job.parameters(turn.name))
            wrong = [name for name in trace.order if not _finite_gradients(trace.modules[name])]
            if wrong:  # a gradient runs backward, so the last layer is the first that it meets
                trace.bad = (wrong[-1], "gradient", _rows_alone(job, turn, batch, generator))
    if trace.bad is None:
        return _told(state, turn, batch)
    layer, what, found = trace.bad
    columns = {}
    if what in ("output", "loss"):
        with _undisturbed(job, state) as generator, torch.no_grad():
            columns = _columns(job, turn, batch, found, generator)
    return _told(state, turn, batch, layer=layer, what=what, rows=found, columns=columns)


def _told(state: State, turn: Turn, batch: Batch, **found: Any) -> Trip:
    text = _what(state)
    if found.get("what") in ("input", "weight"):
        text += f": the {found['what']} {found['layer']} is not"
    elif found:
        text += f": the first thing that is not is the {found['what']} of {found['layer']}"
    else:
        text += ", and a plain replay of its batch in float32 is: it came of rounding or of chance"
    rows = found.get("rows", ())
    if rows and len(rows) < len(batch):
        text += f", for {len(rows)} of the batch's {len(batch)} rows"
    return Trip(state.step + 1, turn.name, batch, text=text, **found)


def _what(state: State) -> str:
    return f"the gradient of step {state.step + 1} is not finite"


class _Trace:
    """Which layers a pass went through, and the first that gave something not finite."""

    def __init__(self, nets: Mapping[str, nn.Module]) -> None:
        several = len(nets) > 1
        self.modules = {
            f"{role}.{name}" if several and name else name or role: module
            for role, net in nets.items()
            for name, module in net.named_modules()
        }
        self.order: list[str] = []
        self.bad: tuple[str, str, tuple[int, ...]] | None = None

    def note(self, layer: str, what: str, value: Tensor, count: int) -> None:
        rows: tuple[int, ...] = tuple(range(count))
        if value.dim() and len(value) == count:
            wrong = ~torch.isfinite(value.detach()).reshape(count, -1).all(1)
            rows = tuple(wrong.nonzero()[:, 0].tolist())
        self.bad = (layer, what, rows)


@contextmanager
def _traced(nets: Mapping[str, nn.Module]) -> Iterator[_Trace]:
    trace = _Trace(nets)

    def watch(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def seen(_module: nn.Module, given: Any, value: Any) -> None:
            trace.order.append(name)
            if trace.bad is None and isinstance(value, Tensor) and not _finite(value):
                first = given[0] if given else value
                count = len(first) if isinstance(first, Batch | Tensor) else len(value)
                trace.note(name, "output", value, count)

        return seen

    handles = [module.register_forward_hook(watch(name)) for name, module in trace.modules.items()]
    try:
        yield trace
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _undisturbed(job: Job, state: State) -> Iterator[torch.Generator]:
    """Give a generator like the state's own; afterwards, statistics, gradients and random numbers are as before."""
    kept = [one.clone() for one in state.buffers]
    generator = torch.Generator()
    generator.set_state(state.generator.get_state())
    with torch.random.fork_rng(devices=[]):
        try:
            yield generator
        finally:
            with torch.no_grad():
                for buffer, value in zip(state.buffers, kept, strict=True):
                    buffer.copy_(value)
            for net in job.nets.values():
                net.zero_grad(set_to_none=True)


def _rows_alone(job: Job, turn: Turn, batch: Batch, generator: torch.Generator) -> tuple[int, ...]:
    """Return the rows whose gradient is not finite even when they are taken alone; all, where none is."""
    parameters = job.parameters(turn.name)
    bad = []
    for row in range(min(len(batch), MOST_SINGLE_ROWS)):
        try:
            loss = job.objective.loss(turn.name, dict(job.nets), batch.take(slice(row, row + 1)), generator)
            gradients = torch.autograd.grad(loss.total(), parameters, allow_unused=True)
        except (RuntimeError, ValueError):  # batch norm and the like want more than one row
            break
        if any(one is not None and not _finite(one) for one in gradients):
            bad.append(row)
    return tuple(bad) or tuple(range(len(batch)))


def _columns(
    job: Job, turn: Turn, batch: Batch, rows: tuple[int, ...], generator: torch.Generator
) -> dict[str, tuple[int, ...]]:
    """Return the features that are at fault: a common value in the place of one of them makes bad rows finite."""
    bad, good = list(rows[:FEW]), sorted(set(range(len(batch))) - set(rows))
    if not bad or not good:
        return {}
    # Some good rows go along, since batch norm wants company.
    part, common = batch.take(torch.tensor(bad + good[: 2 * FEW])), batch.take(torch.tensor(good))
    found: dict[str, tuple[int, ...]] = {}

    def helped(values: Batch) -> bool:
        loss = job.objective.loss(turn.name, dict(job.nets), values, generator)
        return bool(torch.isfinite(loss.value[: len(bad)]).any())

    for name, value in part.values.items():
        blamed = []
        for index in range(min(value.shape[-1], MOST_COLUMNS) if value.dim() == 2 else 0):
            mended = value.clone()
            mended[: len(bad), index] = common.values[name][:, index].median()
            if helped(part.having(**{name: mended})):
                blamed.append(index)
        if blamed:
            found[name] = tuple(blamed)
    return found


def _finite(value: Tensor) -> bool:
    return not value.is_floating_point() or math.isfinite(float(value.detach().abs().sum(dtype=torch.float64)))


def _finite_gradients(module: nn.Module) -> bool:
    return all(p.grad is None or _finite(p.grad) for p in module.parameters(recurse=False))
