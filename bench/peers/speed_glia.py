"""glia: the same network as a module of one's own, through glia's job, plan and loop."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.peers.speed_nets import net

__all__ = ["glia"]


def glia(name: str, data: Any, batch: int, epochs: int) -> Any:
    """Find a plan, fix it, train."""
    from glia.core.values import Batch
    from glia.nets.blocks.fused import NormActPool
    from glia.objectives.classify import Classify
    from glia.streams.minibatches import Minibatches
    from glia.train.groups import grouped
    from glia.train.job import Job, State
    from glia.train.loop import train
    from glia.train.optimizers import optimizers
    from glia.train.plan import Plan
    from glia.train.planning import chosen
    from glia.train.roofline import flops, peaks
    from glia.train.steps import steps

    class Given(nn.Module):
        """A module that takes one group."""

        def __init__(self) -> None:
            super().__init__()
            self.module = net(name, math.prod(data["x"].shape[1:]), NormActPool)

        def forward(self, batch: Batch) -> Tensor:
            out: Tensor = self.module(batch.values["x"])
            return out

    x, y = torch.from_numpy(data["x"]), torch.from_numpy(data["y"])
    rows = Batch({"x": x, "target": y[:, None]}, torch.ones(len(x)), torch.arange(len(x)))
    total = epochs * -(-len(x) // batch)

    def make(plan: Plan) -> Job:
        model = Given()
        groups = grouped(model, lr=1e-3, weight_decay=0.0)
        return Job(
            objective=Classify(),
            nets={"net": model},
            stream=Minibatches(rows, batch_size=batch),
            step=steps.get("plain")(),
            optimizers={"main": optimizers.get("adam")(groups, lr=1e-3)},
            steps=total,
            evaluate_every=total,
            call=plan.call,
            plan=plan,
        )

    began = time.perf_counter()
    plan = chosen(make, 2.0, steps=total)
    planned = time.perf_counter() - began
    plan.apply()
    job = make(plan)
    work = flops(job)
    before = time.perf_counter()
    train(job, State(job))
    took = time.perf_counter() - before
    model = job.nets["net"].eval()

    def answers() -> np.ndarray:
        rest = torch.from_numpy(data["x_test"]).split(500)
        with torch.no_grad():
            parts = [model(Batch({"x": one}, torch.ones(len(one)), torch.arange(len(one)))) for one in rest]
            return torch.cat([part.argmax(1) for part in parts]).numpy()

    facts: dict[str, Any] = {"plan": plan.words, "reason": plan.reason, "bottleneck": plan.bottleneck}
    facts |= {"plan_seconds": planned, "loop_seconds": took}
    if work:
        facts["gflops"] = work * total / took / 1e9
        facts["roofline"] = facts["gflops"] / peaks(plan.threads)[plan.precision]
    setattr(answers, "facts", facts)  # noqa: B010 - a function with a note on it
    return answers
