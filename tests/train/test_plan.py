"""Plans: tried for a moment, fixed by rule where no clock may decide, and without a trace on what is trained."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from glia.core.values import Batch
from glia.objectives.regress import Regress
from glia.streams.minibatches import Minibatches
from glia.train.groups import grouped
from glia.train.job import Job
from glia.train.optimizers import optimizers
from glia.train.plan import Plan, fixed
from glia.train.planning import chosen
from glia.train.steps import steps


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


class Slow(nn.Module):
    """A line that takes its time where more than one thread works, and lies in bfloat16 when asked to."""

    def __init__(self, pause: dict[int, float], lie: float = 0.0) -> None:
        super().__init__()
        self.line = nn.Linear(2, 1)
        self.pause, self.lie = pause, lie

    def forward(self, batch: Batch) -> torch.Tensor:
        time.sleep(self.pause.get(torch.get_num_threads(), 0.0))
        answer: torch.Tensor = self.line(batch.values["number"])
        return answer + self.lie if torch.is_autocast_enabled("cpu") else answer


def maker(pause: dict[int, float], lie: float = 0.0):
    x = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    rows = Batch({"number": x, "target": x[:, :1]}, torch.ones(64), torch.arange(64))

    def make(plan: Plan) -> Job:
        net = Slow(pause, lie)
        return Job(
            objective=Regress(),
            nets={"net": net},
            stream=Minibatches(rows, batch_size=16),
            step=steps.get("plain")(),
            optimizers={"main": optimizers.get("sgd")(grouped(net, lr=1e-3, weight_decay=0.0))},
            steps=10,
            call=plan.call,
        )

    return make


def test_the_faster_number_of_threads_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glia.train.plan.available_threads", lambda: 2)
    assert chosen(maker({2: 0.02}), 0.2, precision="fp32", cached=False, replayed=False).threads == 1
    assert chosen(maker({1: 0.02}), 0.2, precision="fp32", cached=False, replayed=False).threads == 2


def test_a_way_that_takes_too_long_ends_the_trying(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glia.train.plan.available_threads", lambda: 2)
    began = time.perf_counter()
    plan = chosen(maker({1: 0.5, 2: 5.0}), 0.1, precision="fp32")
    assert time.perf_counter() - began < 3
    assert (plan.threads, len(plan.tried)) == (1, 1)


def test_a_precision_whose_loss_disagrees_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glia.train.plan.half_is_fast", lambda: True)
    monkeypatch.setattr("glia.train.plan.available_threads", lambda: 1)
    assert chosen(maker({}, lie=5.0), 0.05).precision == "fp32"


def test_what_an_optimizer_takes_does_not_grow_with_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glia.train.plan.fixed", lambda *_, **__: Plan(2, form="each"))  # tried on parts of batches

    class Weary(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            time.sleep(0.03)
            return super().step(closure)

    def make(plan: Plan) -> Job:
        job = maker({})(plan)
        return replace(job, optimizers={"main": Weary(grouped(job.nets["net"], lr=1e-3, weight_decay=0.0))})

    first = chosen(make, 0.1, cached=False).tried[0]
    assert 0.03 <= first["seconds"] < 0.06


def test_a_second_way_is_tried_though_the_first_took_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glia.train.plan.available_threads", lambda: 2)
    monkeypatch.setattr("glia.train.plan.half_is_fast", lambda: True)
    plan = chosen(maker({1: 0.1}), 0.05, steps=1000, left=60.0, replayed=False)
    assert (plan.threads, plan.precision) == (2, "bf16")


def test_trying_leaves_chance_and_threads_as_they_were() -> None:
    before = torch.get_rng_state(), torch.get_num_threads()
    chosen(maker({}), 0.05)
    assert torch.equal(before[0], torch.get_rng_state())
    assert torch.get_num_threads() == before[1]


def test_a_plan_by_rule_is_the_same_whatever_the_clock_says() -> None:
    assert fixed(1000, 64) == fixed(1000, 64)
    assert fixed(1000, 64).threads == 1
    assert fixed(1000, 64, threads=2, precision="bf16").precision == "bf16"
