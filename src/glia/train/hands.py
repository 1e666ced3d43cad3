"""What takes steps the way the plan says: movers of weights, memory of statistics, the compiled step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from glia.core.values import Batch, Turn
from glia.train.flat import Flat
from glia.train.heap import give_back
from glia.train.job import Job, Nets, State
from glia.train.memory import out_of_memory
from glia.train.moving import Each, Whole, mover

__all__ = ["Hands"]

WholeStep = Callable[[Batch, float, Mapping[str, float]], tuple[float, float]]


class Hands:
    """Everything that the plan adds to a state; made for the first step, given up after the last.

    Args:
        job: The run's fixed part.
        state: Its state, which holds these hands from now on.
    """

    def __init__(self, job: Job, state: State) -> None:
        self.job, self.state = job, state
        state.hands = self
        form = "flat" if job.plan.compiled else job.plan.form
        self._movers = {turn.name: mover(job.optimizers[turn.name], form) for turn in job.objective.turns}
        self.joined = _joined(state.buffers) if form == "flat" else []
        self._kept: list[Tensor] = []
        self._steps: dict[Any, WholeStep | None] = {}

    @property
    def flats(self) -> list[Tensor]:
        """What networks learn in the forward pass, in as few tensors as possible."""
        return [flat.buffer for flat in self.joined] or self.state.buffers

    def mover(self, turn: Turn) -> Each:
        """Return what moves the weights of a turn."""
        found = self._movers[turn.name]
        if isinstance(found, Whole) and not found.flat.intact:  # somebody gave the weights other memory
            found = self._movers[turn.name] = Whole(found.optimizer)
        return found

    def reaching(self, turn: Turn) -> Each:
        """Return what moves the weights, now that their gradients are known: the loss may not reach all of them."""
        found = self._movers[turn.name]
        if isinstance(found, Whole) and any(p.grad is None for p in found.parameters):
            found.release()
            found = self._movers[turn.name] = Each(found.optimizer)
        return found

    def remember(self) -> None:
        """Keep a copy of what networks learn in the forward pass."""
        now = self.flats
        if len(self._kept) != len(now):
            self._kept = [one.clone() for one in now]
            return
        for kept, one in zip(self._kept, now, strict=True):
            kept.copy_(one)

    @torch.no_grad()
    def put_back(self) -> None:
        """Return to what was remembered."""
        for one, kept in zip(self.flats, self._kept, strict=True):
            one.copy_(kept)

    def whole(self, nets: Nets, turn: Turn, batch: Batch) -> WholeStep | None:
        """Return the compiled or recorded step for such batches; ``None`` where it has to be taken call by call."""
        plan = self.job.plan
        if not plan.compiled and not plan.replayed:
            return None
        mark = _mark(turn, batch)
        if mark not in self._steps:
            if plan.compiled:
                from glia.train.whole import compiled as made
            else:
                from glia.train.replay import replayed as made
            self._steps[mark] = made(self.job, self.state, self, nets, turn, batch)
        return self._steps[mark]

    def attempt(self, whole: WholeStep, turn: Turn, batch: Batch, rate: float) -> tuple[float, float] | None:
        """Take a whole step; ``None`` where memory did not suffice: call by call, a batch can be taken in pieces."""
        try:
            return whole(batch, rate, self.state.knobs)
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            self.put_back()
            self._steps[_mark(turn, batch)] = None
            return None

    def release(self) -> None:
        """Give every tensor memory of its own again, and the system what is free."""
        for one in self._movers.values():
            one.release()
        for flat in self.joined:
            flat.release()
        self.state.hands = None
        give_back()


def _mark(turn: Turn, batch: Batch) -> tuple[Any, ...]:
    return (turn.name, *((name, one.shape, one.dtype) for name, one in batch.values.items()))


def _joined(buffers: list[Tensor]) -> list[Flat]:
    """Return buffers side by side, by dtype; nothing where they do not all lie in memory of their own."""
    owners = {one.untyped_storage().data_ptr() for one in buffers}
    if len(owners) != len(buffers) or any(one.numel() == 0 or not one.is_contiguous() for one in buffers):
        return []
    kinds = {(one.dtype, one.device) for one in buffers}
    order = sorted(kinds, key=str)
    return [Flat([one for one in buffers if (one.dtype, one.device) == kind]) for kind in order]
