"""What a step holds in memory is counted, tensor by tensor."""

from __future__ import annotations

import torch
from torch import nn

from glia.core.values import Batch
from glia.objectives.regress import Regress
from glia.streams.minibatches import Minibatches
from glia.train.footprint import footprint
from glia.train.groups import grouped
from glia.train.job import Job
from glia.train.optimizers import optimizers
from glia.train.steps import steps


class Net(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, batch: Batch) -> torch.Tensor:
        out: torch.Tensor = self.body(batch.values["number"])
        return out


def counted(width: int, batch: int, optimizer: str = "adamw") -> dict[str, int]:
    x, net = torch.randn(64, 4), Net(width)
    return footprint(
        Job(
            objective=Regress(),
            nets={"net": net},
            stream=Minibatches(
                Batch({"number": x, "target": x[:, :1]}, torch.ones(64), torch.arange(64)), batch_size=batch
            ),
            step=steps.get("plain")(),
            optimizers={"main": optimizers.get(optimizer)(grouped(net, lr=1e-3, weight_decay=0.0), lr=1e-3)},
            steps=1,
        )
    )


def test_weights_gradients_and_moments_are_exact() -> None:
    found, weights = counted(32, 16), 4 * (4 * 32 + 32 + 32 + 1)
    assert found["weights"] == found["gradients"] == weights
    assert 2 * weights <= found["moments"] <= 2 * weights + 4 * 4  # and a count of steps for each
    assert counted(32, 16, "sgd")["moments"] == 0
    assert found["rows"] == 64 * 4 * 4 + 64 * 4 + 64 * 8  # the target is a view of the numbers


def test_activations_grow_with_width_and_batch() -> None:
    small, wide, long = counted(32, 16), counted(512, 16), counted(32, 64)
    assert small["activations"] >= 16 * 32 * 4
    assert wide["activations"] - small["activations"] >= 16 * (512 - 32) * 4
    assert long["activations"] > 2 * small["activations"]
