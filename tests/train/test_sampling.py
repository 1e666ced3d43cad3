"""Where time goes: phases of a step, and the finding that names the bottleneck."""

from __future__ import annotations

import math
import time

import torch
from torch import nn

from glia.compose.clock import bottleneck
from glia.core.values import Batch
from glia.objectives.regress import Regress
from glia.streams.minibatches import Minibatches
from glia.train.groups import grouped
from glia.train.job import Job, State
from glia.train.loop import train
from glia.train.optimizers import optimizers
from glia.train.plan import Plan
from glia.train.roofline import flops, peaks
from glia.train.sampling import phases
from glia.train.steps import steps


class Slow(nn.Module):
    def __init__(self, pause: float) -> None:
        super().__init__()
        self.line, self.pause = nn.Linear(4, 1), pause

    def forward(self, batch: Batch) -> torch.Tensor:
        time.sleep(self.pause)
        out: torch.Tensor = self.line(batch.values["number"])
        return out


def job(pause: float = 0.01) -> Job:
    torch.set_num_threads(1)
    x = torch.randn(32, 4)
    net = Slow(pause)
    return Job(
        objective=Regress(),
        nets={"net": net},
        stream=Minibatches(Batch({"number": x, "target": x[:, :1]}, torch.ones(32), torch.arange(32)), batch_size=8),
        step=steps.get("plain")(),
        optimizers={"main": optimizers.get("adamw")(grouped(net, lr=1e-3, weight_decay=0.0))},
        steps=6,
        plan=Plan(form="flat"),
    )


def test_the_slow_phase_is_named() -> None:
    made = job()
    found = phases(made, State(made), 0.2)
    assert max(found, key=lambda name: found[name]) == "forward"


def test_training_counts_where_its_time_went() -> None:
    made = job()
    state = train(made, State(made))
    assert {"data", "forward", "backward", "optimizer", "evaluate"} <= set(state.seconds)
    assert state.seconds["forward"] >= 6 * 0.01
    assert state.seconds["forward"] > 5 * state.seconds["backward"]


def test_the_finding_names_phase_and_share() -> None:
    found = bottleneck({"data": 0.1, "forward": 1.0, "backward": 2.9}, 0.25)
    assert found is not None
    assert "72% of training went into the backward pass" in found.text
    assert "25%" in found.text
    assert bottleneck({"forward": 0.2}) is None


def test_products_are_counted() -> None:
    """A line of four inputs on 8 rows: 2 * 8 * 4 forward, as many for the weight's gradient."""
    made = job(0.0)
    place = made.stream.state_dict()
    assert flops(made) == 128
    assert made.stream.state_dict() == place


def test_the_peak_is_measured() -> None:
    assert all(math.isfinite(value) and value > 0 for value in peaks(1).values())
