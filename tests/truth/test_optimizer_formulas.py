"""Three steps of every optimizer against its formula, written out number by number in double precision."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from glia.train.optimizers import optimizers

LR, DECAY = 0.1, 0.05
GRADIENTS = [0.3, -1.2, 0.7]
Formula = Callable[[float], float]


def sgd(w: float) -> float:
    for g in GRADIENTS:
        w -= LR * (g + DECAY * w)
    return w


def momentum(w: float) -> float:
    v = 0.0
    for g in GRADIENTS:
        v = 0.9 * v + g + DECAY * w
        w -= LR * v
    return w


def nesterov(w: float) -> float:
    v = 0.0
    for g in GRADIENTS:
        g += DECAY * w
        v = 0.9 * v + g
        w -= LR * (g + 0.9 * v)
    return w


def rmsprop(w: float) -> float:
    s = 0.0
    for g in GRADIENTS:
        g += DECAY * w
        s = 0.99 * s + 0.01 * g * g
        w -= LR * g / (math.sqrt(s) + 1e-8)
    return w


def adagrad(w: float) -> float:
    s = 0.0
    for g in GRADIENTS:
        g += DECAY * w
        s += g * g
        w -= LR * g / (math.sqrt(s) + 1e-10)
    return w


def adam(w: float, coupled: bool = True) -> float:
    m = v = 0.0
    for t, g in enumerate(GRADIENTS, 1):
        if coupled:
            g += DECAY * w
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        change = (m / (1 - 0.9**t)) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
        w -= LR * (change + (0.0 if coupled else DECAY * w))
    return w


def adamw(w: float) -> float:
    return adam(w, coupled=False)


def schedule_free(w: float) -> float:
    z = x = w
    v = 0.0
    for t, g in enumerate(GRADIENTS, 1):
        y = 0.1 * z + 0.9 * x
        v = 0.999 * v + 0.001 * g * g
        z -= LR * (g / (math.sqrt(v / (1 - 0.999**t)) + 1e-8) + DECAY * y)
        x += (z - x) / t
    return 0.1 * z + 0.9 * x


def muon(w: float) -> float:
    # A multiple of the identity has equal singular values, so its orthogonalization is known up to the
    # published iteration's polynomial, applied five times to 1/√2.
    buffer = 0.0
    for g in GRADIENTS:
        buffer = 0.95 * buffer + 0.05 * g
        ahead = 0.05 * g + 0.95 * buffer
        s = math.copysign(1 / math.sqrt(2), ahead)
        for _ in range(5):
            s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
        w = w * (1 - LR * DECAY) - LR * 0.2 * math.sqrt(2) * s
    return w


FORMULAS: dict[str, Formula] = {
    "sgd": sgd, "momentum": momentum, "nesterov": nesterov, "rmsprop": rmsprop, "adagrad": adagrad,
    "adam": adam, "adamw": adamw, "schedule_free": schedule_free, "muon": muon,
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in optimizers.names() if name != "lbfgs"])
def test_three_steps_are_those_of_the_formula(name: str) -> None:
    w = (0.8 * torch.eye(2)).requires_grad_()
    optimizer = optimizers.get(name)([{"params": [w], "lr": LR, "weight_decay": DECAY}])
    for g in GRADIENTS:
        w.grad = g * torch.eye(2)
        optimizer.step()
    # Muon's iteration is published, and run, in bfloat16.
    tolerance = 5e-3 if name == "muon" else 1e-6
    assert w[0, 0].item() == pytest.approx(FORMULAS[name](0.8), abs=tolerance)


def test_the_first_direction_of_lbfgs_is_the_gradient_and_the_second_newtons() -> None:
    # In one dimension two gradients give the curvature exactly, so the second iteration ends at the minimum.
    w = torch.tensor([3.0], requires_grad=True)
    made = optimizers.get("lbfgs")([{"params": [w]}], lr=1.0, max_iter=1)

    def closure() -> torch.Tensor:
        made.zero_grad()
        loss = 2 * (w - 1).square().sum()
        loss.backward()
        return loss

    made.step(closure)
    assert w.item() == pytest.approx(2.0)  # along the gradient of 8, by a length of one
    made.step(closure)
    assert w.item() == pytest.approx(1.0)
