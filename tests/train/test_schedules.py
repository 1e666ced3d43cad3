"""Schedules against torch's own, and their ends."""

from __future__ import annotations

import pytest
import torch
from torch.optim import lr_scheduler

from glia.train.schedules import schedules

STEPS = 20


def torch_rates(make: object, base: float = 1.0) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    scheduler = make(optimizer)  # type: ignore[operator]
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def ours(name: str, **options: float) -> list[float]:
    return [schedules.get(name)(step / STEPS, **options) for step in range(STEPS)]


def test_cosine_is_torchs() -> None:
    theirs = torch_rates(lambda one: lr_scheduler.CosineAnnealingLR(one, STEPS, eta_min=0.1))
    assert ours("cosine", floor=0.1) == pytest.approx(theirs)


def test_exponential_is_torchs() -> None:
    theirs = torch_rates(lambda one: lr_scheduler.ExponentialLR(one, 0.01 ** (1 / STEPS)))
    assert ours("exponential", floor=0.01) == pytest.approx(theirs)


def test_step_is_torchs() -> None:
    theirs = torch_rates(lambda one: lr_scheduler.MultiStepLR(one, [5, 10, 15], gamma=0.5))
    assert ours("step", drop=0.5, drops=3) == pytest.approx(theirs)


def test_linear_is_torchs() -> None:
    theirs = torch_rates(lambda one: lr_scheduler.LinearLR(one, 1.0, 0.2, total_iters=STEPS))
    assert ours("linear", floor=0.2) == pytest.approx(theirs)


def test_one_cycle_is_torchs() -> None:
    # Torch reaches its last rate at its last step, one step before the end of ours.
    theirs = torch_rates(
        lambda one: lr_scheduler.OneCycleLR(
            one, 1.0, total_steps=STEPS + 1, pct_start=7 / (STEPS + 1), div_factor=25, final_div_factor=400
        )
    )
    assert ours("one_cycle", warmup=6 / STEPS) == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("constant", 1, 1),
        ("warmup", 0.01, 1),
        ("linear", 1, 0),
        ("cosine", 1, 0),
        ("exponential", 1, 0.01),
        ("step", 1, 0.01),
        ("one_cycle", 0.04, 1e-4),
    ],
)
def test_the_ends_are_those_that_are_promised(name: str, first: float, last: float) -> None:
    factor = schedules.get(name)
    assert factor(0.0) == pytest.approx(first)
    assert factor(1.0) == pytest.approx(last, abs=1e-12)
