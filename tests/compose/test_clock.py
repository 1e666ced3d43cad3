"""The clock and the plan: what was wished for overrides, and a run that is slower than planned says so."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import glia
from glia.compose import clock, way
from glia.compose.clock import slow
from glia.core.recipe import Recipe, edited
from glia.train.plan import Plan


class Busy(nn.Module):
    """A module that takes its time, as one does beside other work."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training and torch.is_grad_enabled():
            time.sleep(0.01)
        out: torch.Tensor = self.line(x)
        return out


def test_steps_much_slower_than_planned_are_a_finding() -> None:
    assert slow(Plan(seconds=0.01), 1.0, 100) is None
    assert slow(Plan(seconds=0.01), 2.1, 100) is None  # within what measuring a moment may be off
    assert slow(Plan(), 100.0, 100) is None  # nothing was measured
    found = slow(Plan(seconds=0.01), 5.0, 100)
    assert found is not None
    assert (found.code, found.severity) == ("slower_than_planned", "note")
    assert "50.0 ms" in found.text and "10.0 ms" in found.text
    assert "quiet" in found.remedy


def test_a_run_on_a_busy_machine_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way, "made_plan", lambda *_: Plan(seconds=1e-4))  # when it was quiet
    x = np.random.default_rng(0).normal(size=(400, 2)).astype(np.float32)
    seen: list[str] = []
    words: dict[str, Any] = {"epochs": 8, "out": tmp_path / "run", "settings": {"judge.yardsticks": "false"}}
    table = {"a": x[:, 0], "b": x[:, 1], "y": x.sum(1)}
    bundle = glia.fit(table, "y", net=Busy(), watch=lambda event: seen.append(str(event)), **words)
    assert "slower_than_planned" in {one["code"] for one in bundle.result["findings"]}
    assert any("slower_than_planned" in one for one in seen)


@pytest.mark.parametrize("mode", ["plan.mode=plain", "train.epochs=3"])
@pytest.mark.parametrize(
    ("setting", "name", "value"),
    [
        ("plan.threads=2", "threads", 2),
        ("plan.threads=1", "threads", 1),
        ("plan.precision=fp32", "precision", "fp32"),
        ("plan.layout=channels_last", "layout", "channels_last"),
        ("plan.form=flat", "form", "flat"),
        ("plan.form=each", "form", "each"),
        ("plan.fused=true", "fused", True),
        ("plan.compile=true", "compiled", True),
    ],
)
def test_a_setting_overrides_every_rule(mode: str, setting: str, name: str, value: object) -> None:
    class Choices:
        batch_size, steps = 64, 100

    class Job:
        nets = {"net": nn.Conv2d(1, 1, 3)}  # noqa: RUF012 - a stand-in

    recipe = edited(Recipe(), [mode, setting])
    made = clock.made_plan(lambda plan: Job(), Choices(), recipe, clock.Clock(0.0, None))  # type: ignore[arg-type, return-value]
    assert made.way[name] == value


def test_a_card_that_fails_is_left_alone_and_the_plan_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    class Choices:
        batch_size, steps = 64, 100

    class Job:
        nets = {"net": nn.Linear(1, 1)}  # noqa: RUF012 - a stand-in

    monkeypatch.setattr(clock, "resolved", lambda wish: "cpu" if wish == "cpu" else "cuda")
    monkeypatch.setattr(clock, "refusal", lambda make, device: "a step on it failed")
    now = clock.Clock(0.0, None)
    made = clock.made_plan(lambda plan: Job(), Choices(), Recipe(), now)  # type: ignore[arg-type, return-value]
    assert made.device == "cpu"
    assert "graphics card is left alone: a step on it failed" in made.reason
    monkeypatch.setattr(clock, "refusal", lambda make, device: "")
    assert clock.made_plan(lambda plan: Job(), Choices(), Recipe(), now).device == "cuda"  # type: ignore[arg-type, return-value]
