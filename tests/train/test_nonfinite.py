"""Gradients that are not finite: never stepped on, traced to layer, rows and columns, answered by a policy."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from glia.core.errors import TrainingError
from glia.core.values import Batch
from glia.objectives.regress import Regress
from glia.streams.minibatches import Minibatches
from glia.train.groups import grouped
from glia.train.job import Job, State
from glia.train.loop import train
from glia.train.nonfinite import Trip
from glia.train.optimizers import optimizers
from glia.train.steps import steps


class Net(nn.Module):
    """Any layers on the group "number"."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, batch: Batch) -> torch.Tensor:
        return self.body(batch.values["number"])


class Log(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.log(x)


class Root(nn.Module):
    """Finite at zero, where its slope is not a number."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sqrt(x.abs())


def job(net: nn.Module, x: torch.Tensor, optimizer: str = "adam", count: int = 8, **more: object) -> Job:
    torch.manual_seed(0)
    target = x.sum(1, keepdim=True)
    rows = Batch({"number": x, "target": target}, torch.ones(len(x)), torch.arange(len(x)))
    groups = grouped(net, lr=1e-2, weight_decay=0.0)
    return Job(
        objective=Regress(),
        nets={"net": net},
        stream=Minibatches(rows, batch_size=16, seed=0),
        step=steps.get("plain")(),
        optimizers={"main": optimizers.get(optimizer)(groups, lr=1e-2)},
        steps=count,
        **more,
    )  # type: ignore[arg-type]


def trips(made: Job) -> tuple[State, list[Trip]]:
    state, seen = State(made), []
    train(made, state, tripped=seen.append)
    return state, seen


def positive(count: int = 32, columns: int = 3) -> torch.Tensor:
    return torch.rand(count, columns, generator=torch.Generator().manual_seed(1)) + 0.5


def test_layer_rows_and_columns_at_fault_are_named() -> None:
    x = positive()
    x[5, 1] = -1.0
    _, seen = trips(job(Net(Log(), nn.Linear(3, 1)), x))
    trip = seen[0]
    assert (trip.layer, trip.what) == ("body.0", "output")
    assert trip.batch.row[list(trip.rows)].tolist() == [5]
    assert trip.columns == {"number": (1,)}
    assert "body.0" in trip.text and "1 of the batch's 16 rows" in trip.text


def test_a_slope_that_is_not_finite_is_traced_through_finite_values() -> None:
    x = positive()
    x[7] = 0.0
    net = Net(nn.Linear(3, 4, bias=False), Root(), nn.Linear(4, 1))
    _, seen = trips(job(net, x))
    assert (seen[0].layer, seen[0].what) == ("body.0", "gradient")
    assert 7 in seen[0].batch.row[list(seen[0].rows)].tolist()


def test_values_that_are_not_finite_are_named_before_any_layer() -> None:
    x = positive()
    x[3, 2] = math.inf
    _, seen = trips(job(Net(nn.Linear(3, 1)), x))
    assert seen[0].what == "input"
    assert seen[0].columns["number"] == (2,)
    assert seen[0].batch.row[list(seen[0].rows)].tolist() == [3]


def test_weights_that_began_not_finite_are_named() -> None:
    net = Net(nn.Linear(3, 1))
    with torch.no_grad():
        net.body[0].bias.fill_(math.nan)
    with pytest.raises(TrainingError, match=r"weight body\.0\.bias"):
        trips(job(net, positive(), count=50))


def test_replaying_changes_nothing_that_training_depends_on() -> None:
    """Two runs, one of which replays, one of which only refuses, end with the same weights to the bit."""
    weights = []
    for quiet in (False, True):
        x = positive()
        x[5, 1] = -1.0
        torch.manual_seed(3)
        made = job(Net(Log(), nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1)), x)
        with pytest.MonkeyPatch.context() as patch:
            if quiet:
                patch.setattr("glia.train.nonfinite.MOST_REPLAYS", 0)
            state, seen = trips(made)
        assert state.skipped == 4
        assert len(seen) == 4
        assert all(torch.isfinite(one).all() for one in made.nets["net"].state_dict().values())
        weights.append([one.clone() for one in made.nets["net"].state_dict().values()])
    assert all(torch.equal(one, other) for one, other in zip(*weights, strict=True))


def test_a_line_search_into_nowhere_is_undone() -> None:
    net = Net(nn.Linear(3, 1))
    made = job(net, positive(16), optimizer="lbfgs", count=3)
    calls = [0]
    inner = made.objective.loss

    def loss(*given: object, **named: object) -> object:
        calls[0] += 1
        found = inner(*given, **named)
        if calls[0] == 3:
            found.value = found.value * math.nan
        return found

    made.objective.loss = loss  # type: ignore[method-assign]
    state, _ = trips(made)
    assert state.skipped == 1
    assert all(torch.isfinite(one).all() for one in net.parameters())


def test_rollback_goes_back_to_the_best_weights_with_a_lower_rate() -> None:
    x = positive()
    x[5, 1] = -1.0
    made = job(Net(Log(), nn.Linear(3, 1)), x, count=4, nonfinite="rollback", evaluate_every=1)
    state, seen = trips(made)
    assert state.returns == len(seen) == 2
    assert state.knobs["lr"] == pytest.approx(0.09)
    assert sum("back to the best weights" in row.get("edit", "") for row in state.history) == 2


def test_rolling_back_for_ever_ends_with_a_reason() -> None:
    x = positive()
    x[5, 1] = -1.0
    with pytest.raises(TrainingError, match=r"body\.0"):
        trips(job(Net(Log(), nn.Linear(3, 1)), x, count=40, nonfinite="rollback"))


def test_stop_ends_training_at_the_first_one_and_names_rows() -> None:
    x = positive()
    x[5, 1] = -1.0
    with pytest.raises(TrainingError, match=r"rows \[5\]") as caught:
        trips(job(Net(Log(), nn.Linear(3, 1)), x, nonfinite="stop"))
    assert caught.value.code == "nonfinite_gradient"


def test_a_loss_that_was_not_finite_stays_so_in_what_is_shown() -> None:
    x = positive()
    x[5, 1] = -1.0
    state, _ = trips(job(Net(Log(), nn.Linear(3, 1)), x, evaluate_every=4))
    losses = [row["loss"] for row in state.history if "loss" in row]
    assert losses and all(math.isnan(loss) for loss in losses)
