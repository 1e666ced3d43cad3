"""The range test suggests rates that are worth using, and keeps the default where it saw nothing."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from glia.train.finder import find
from glia.train.optimizers import optimizers
from glia.train.schedules import schedules


class Problem:
    """A small real table, standardized, with a small network and a few hundred steps to train it."""

    def __init__(self, name: str) -> None:
        from sklearn import datasets

        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(x))
        x = torch.tensor((x[order] - x.mean(0)) / (x.std(0) + 1e-8), dtype=torch.float32)
        regress = name == "diabetes"
        target = (y[order] - y.mean()) / y.std() if regress else y[order]
        y = torch.tensor(target, dtype=torch.float32 if regress else torch.int64)
        cut = int(0.7 * len(x))
        self.train, self.valid = (x[:cut], y[:cut]), (x[cut:], y[cut:])
        self.width = 1 if regress else int(y.max()) + 1

    def loss(self, net: nn.Module, rows: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        out = net(rows[0])
        return (
            nn.functional.mse_loss(out[:, 0], rows[1]) if self.width == 1 else nn.functional.cross_entropy(out, rows[1])
        )

    def start(self, optimizer: str) -> tuple[nn.Module, Callable[[float], float]]:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(self.train[0].shape[1], 32), nn.ReLU(), nn.Linear(32, self.width))
        made = optimizers.get(optimizer)([{"params": list(net.parameters())}])

        def loss_at(lr: float) -> float:
            made.param_groups[0]["lr"] = lr
            rows = torch.randint(len(self.train[0]), (64,))
            made.zero_grad()
            loss = self.loss(net, (self.train[0][rows], self.train[1][rows]))
            loss.backward()
            made.step()
            return loss.item()

        return net, loss_at

    def result(self, optimizer: str, lr: float) -> float:
        net, loss_at = self.start(optimizer)
        cosine = schedules.get("cosine")
        for step in range(200):
            loss_at(lr * cosine(step / 200))
        with torch.no_grad():
            loss = self.loss(net, self.valid).item()
        return loss if math.isfinite(loss) else math.inf


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_the_suggested_rate_is_nearly_as_good_as_the_best_of_a_grid(name: str, optimizer: str) -> None:
    problem = Problem(name)
    default = optimizers.get(optimizer).default_lr
    found = find(problem.start(optimizer)[1], default=default)
    best = min(problem.result(optimizer, default * 10**power) for power in (-2, -1, -0.5, 0, 0.5, 1))
    assert problem.result(optimizer, found.lr) < 3 * best
    assert "a tenth of" in found.reason


def curve(lr: float) -> float:
    """A loss that falls around 0.01 and explodes above 1."""
    return 2 - 1.5 / (1 + (0.01 / lr) ** 2) + (lr / 1) ** 2


def noisy(loss: Callable[[float], float], size: float, seed: int) -> Callable[[float], float]:
    noise = np.random.default_rng(seed)
    return lambda lr: loss(lr) + size * noise.standard_normal()


def test_noise_does_not_lead_it_astray() -> None:
    for seed in range(20):
        assert 0.003 < find(noisy(curve, 0.2, seed), default=0.01).lr < 0.3


def test_one_monstrous_loss_is_no_reason_to_stop() -> None:
    calls = iter(range(1000))
    found = find(lambda lr: curve(lr) + (5.0 if next(calls) == 30 else 0.0), default=0.01)
    assert found.lr == pytest.approx(find(curve, default=0.01).lr, rel=1.0)


def test_it_stops_trying_when_the_loss_has_fallen_apart() -> None:
    tried = []

    def loss_at(lr: float) -> float:
        tried.append(lr)
        return curve(lr) if lr < 2 else math.nan

    found = find(loss_at, default=0.01)
    assert len(tried) < 100
    assert found.lrs == tuple(tried)
    assert len(found.losses) == len(tried)
    assert 0.005 < found.lr < 0.1


def test_it_stops_trying_when_a_noisy_loss_has_risen_and_not_before() -> None:
    for seed in range(20):
        assert find(noisy(curve, 0.1, seed), default=0.01).losses[-1] > 2
        assert len(find(noisy(curve, 0.1, seed), default=0.01).lrs) < 95
    assert sum(len(find(noisy(lambda lr: 1.0, 0.1, seed), default=0.01).lrs) == 100 for seed in range(100)) >= 99


@pytest.mark.parametrize("loss", [0.7, 0.0, math.nan, math.inf], ids=str)
def test_a_curve_that_says_nothing_leaves_the_default(loss: float) -> None:
    found = find(lambda lr: loss, default=0.02)
    assert found.lr == 0.02
    assert "default is kept" in found.reason


def test_pure_noise_leaves_the_default_nearly_always() -> None:
    kept = [find(noisy(lambda lr: 1.0, 0.1, seed), default=0.02).lr == 0.02 for seed in range(100)]
    assert sum(kept) >= 95


def test_a_loss_that_only_rises_leaves_the_default() -> None:
    assert find(lambda lr: 1 + lr, default=0.02).lr == 0.02


def test_a_loss_may_be_negative() -> None:
    shifted = find(lambda lr: curve(lr) - 10, default=0.01)
    assert shifted.lr == pytest.approx(find(curve, default=0.01).lr)
