"""How fast this machine multiplies matrices, measured once and remembered, and how near to that a step comes."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import flop_registry

from glia.core.dispatch import Dispatch
from glia.train import plan_cache
from glia.train.job import Job
from glia.train.plan import half_is_fast

__all__ = ["flops", "peaks"]

SIDE = 1024
TIMES = 5


def peaks(threads: int, *, again: bool = False) -> dict[str, float]:
    """Return measured GFLOP/s of matrix products by precision, with so many threads.

    Args:
        threads: Threads of the tensor library.
        again: Measure once more and keep what is larger; what was measured beside other work is too low.

    Example:
        >>> peaks(1)["fp32"] > 0
        True
    """
    name = f"peak-{threads}"
    known = plan_cache.recall(name)
    if not known or not all(isinstance(value, float) for value in known.values()):
        known = {}
    if known and not again:
        return known
    kinds = {"fp32": torch.float32, **({"bf16": torch.bfloat16} if half_is_fast() else {})}
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = {kind: max(_measured(dtype), known.get(kind, 0.0)) for kind, dtype in kinds.items()}
    finally:
        torch.set_num_threads(before)
    plan_cache.remember(name, found)
    return found


def _measured(dtype: torch.dtype) -> float:
    one = torch.ones(SIDE, SIDE, dtype=dtype)
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        torch.mm(one, one)
        times.append(time.perf_counter() - began)
    return float(2 * SIDE**3 / min(times) / 1e9)


def flops(job: Job) -> float | None:
    """Return the floating-point operations of the products in one step; ``None`` where they cannot be counted.

    Args:
        job: The job, whose stream and chance are as before afterwards.
    """
    if any(isinstance(module, nn.RNNBase) for net in job.nets.values() for module in net.modules()):
        return None  # the counter does not look into recurrent kernels
    place = job.stream.state_dict()
    batch = next(iter(job.stream.batches()))
    job.stream.load_state_dict(place)
    # Products grow with the rows, and an eighth of them, taken as nothing else is, spares the memory of a whole step.
    part = max(2, len(batch) // 8)
    share, batch = len(batch) / part, batch.take(slice(0, part))
    turn = job.objective.turns[0]
    kept = [(one, one.detach().clone()) for net in job.nets.values() for one in net.buffers()]
    try:
        with torch.random.fork_rng(devices=[]), _Counting() as counter:
            loss = job.objective.loss(turn.name, dict(job.nets), batch, torch.Generator()).mean()
            torch.autograd.grad(loss, _trained(job), allow_unused=True)
        return share * float(counter.total) or None
    except Exception:  # a count is a convenience
        return None
    finally:
        with torch.no_grad():
            for one, value in kept:
                one.copy_(value)


class _Counting(Dispatch):
    """Count what products cost, by torch's own formulas."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        formula = flop_registry.get(func._overloadpacket)
        self.total += formula(*args, **kwargs, out_val=out) if formula else 0
        return out


def _trained(job: Job) -> list[nn.Parameter]:
    return [p for net in job.nets.values() for p in net.parameters() if p.requires_grad]
