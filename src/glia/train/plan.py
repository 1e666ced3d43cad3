"""The plan: how this network is run on this machine, found by trying, then fixed before the first step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from glia.core.values import Batch
from glia.train.job import Job, Nets, State
from glia.train.update import update

__all__ = ["Plan", "chosen", "fixed"]


@dataclass(frozen=True)
class Plan:
    """A way of executing training steps; it never changes names, shapes or the meaning of weights.

    Args:
        threads: Threads of the tensor library.
        precision: ``"fp32"``, or ``"bf16"``: matrix products in bfloat16, weights and sums in float32.
        seconds: Measured seconds of a step; ``None`` where no clock was asked.
        reason: Why this way won.
        tried: Every way that was tried, with its seconds and the loss it gave.
    """

    threads: int = 1
    precision: str = "fp32"
    seconds: float | None = None
    reason: str = ""
    tried: tuple[Mapping[str, Any], ...] = field(default=())

    def apply(self) -> None:
        """Set the number of threads."""
        torch.set_num_threads(self.threads)

    def call(self, nets: Mapping[str, nn.Module]) -> Nets:
        """Return the networks as objectives should call them."""
        return dict(nets) if self.precision == "fp32" else {name: _half(net) for name, net in nets.items()}

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return {**asdict(self), "tried": [dict(one) for one in self.tried]}


def _half(net: nn.Module) -> Callable[[Batch], Tensor]:
    def call(batch: Batch) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out: Tensor = net(batch)
        return out

    return call


def fixed(parameters: int, batch_size: int, threads: int | None = None, precision: str | None = None) -> Plan:
    """Return a plan that asks no clock: the same on every run, as a stated number of epochs demands.

    Args:
        parameters: How many weights the networks have.
        batch_size: Rows a step.
        threads: A wish that overrides the rule.
        precision: A wish that overrides the rule.
    """
    # Below about this many multiplications a step, handing work to a second thread costs more than it saves.
    many = parameters * batch_size > 20_000_000
    count = threads or (available_threads() if many else 1)
    return Plan(count, precision or "fp32", reason="by rule, since no clock may decide")


def available_threads() -> int:
    """Return how many threads the machine lets this process use."""
    import os

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores)


def half_is_fast() -> bool:
    """Return whether the processor multiplies bfloat16 matrices in hardware, so that trying them is worthwhile."""
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):
        return False


def chosen(
    make: Callable[[Plan], Job], seconds: float, threads: int | None = None, precision: str | None = None
) -> Plan:
    """Try ways of running a job for a moment and return the fastest whose loss agrees.

    Args:
        make: Builds the job afresh, with networks of its own, so that trying leaves no trace.
        seconds: How long trying may take in all.
        threads: A wish; other numbers of threads are not tried.
        precision: A wish; the other precision is not tried.

    Returns:
        The plan, with everything that was tried.
    """
    most = available_threads()
    # One thread first: beside other work two can be many times slower, and then nothing more is tried.
    counts = [threads] if threads else sorted({1, most})
    kinds = [precision] if precision else ["fp32", *(["bf16"] if half_is_fast() else [])]
    ways = [Plan(count, kind) for count in counts for kind in kinds]
    tried: list[dict[str, Any]] = []
    losses: list[list[float]] = []
    before, began = torch.get_num_threads(), time.perf_counter()
    with torch.random.fork_rng(devices=[]):
        for way in ways:
            took, seen = _time(make, way, seconds / len(ways))
            tried.append({"threads": way.threads, "precision": way.precision, "seconds": took, "loss": seen[-1]})
            losses.append(seen)
            if time.perf_counter() - began > seconds:
                break
    torch.set_num_threads(before)
    # Rounding may move a loss a little; a way that moves it more than 2 % is not the same training.
    sound = [one for one, seen in zip(tried, losses) if _agree(losses[0], seen)]
    best = min(sound, key=lambda one: one["seconds"])
    slowest = max(tried, key=lambda one: one["seconds"])
    times = slowest["seconds"] / best["seconds"]
    reason = f"{best['seconds'] * 1e3:.2f} ms a step, {times:.1f} times faster than the slowest way"
    return Plan(best["threads"], best["precision"], best["seconds"], reason, tuple(tried))


def _agree(truth: Sequence[float], losses: Sequence[float]) -> bool:
    """Return whether two ways lost the same at the last step that both took."""
    at = min(len(truth), len(losses)) - 1
    return abs(losses[at] - truth[at]) <= 0.02 * abs(truth[at]) + 1e-3


def _time(make: Callable[[Plan], Job], way: Plan, seconds: float) -> tuple[float, list[float]]:
    """Return the median seconds of a step and the losses of the first steps, within a time."""
    way.apply()
    torch.manual_seed(0)
    job = make(way)
    state = State(job)
    nets = job.call(job.nets)
    began = time.perf_counter()
    times: list[float] = []
    losses: list[float] = []
    for batch in islice(job.stream.batches(), 60):
        start = time.perf_counter()
        for turn in job.objective.turns:
            losses.append(update(job, state, nets, turn, batch)[0])
        state.step += 1
        times.append(time.perf_counter() - start)
        if time.perf_counter() - began > seconds:
            break
    # The first step warms up caches and allocators and is no measure of the others, where there are others.
    steady = sorted(times[1:] or times)
    return steady[len(steady) // 2], losses[:3]
