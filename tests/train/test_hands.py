"""One buffer for all weights, and a whole step as one program: the same training, names and states as call by call."""

from __future__ import annotations

import math
import shutil

import pytest
import torch
from torch import nn

from glia.core.values import Batch
from glia.objectives.regress import Regress
from glia.streams.minibatches import Minibatches
from glia.train.checkpoint import packed, unpacked
from glia.train.flat import Flat
from glia.train.groups import grouped
from glia.train.job import Job, State
from glia.train.loop import train
from glia.train.nonfinite import Trip
from glia.train.optimizers import optimizers
from glia.train.plan import Plan
from glia.train.remedies import remedies
from glia.train.steps import steps

CLIPPED = {"clip_norm": {"limit": 0.5}, "l1": {"strength": 1e-3}, "average": {"decay": 0.9}}


class Net(nn.Module):
    """A perceptron with batch norm and dropout."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, 1))

    def forward(self, batch: Batch) -> torch.Tensor:
        out: torch.Tensor = self.body(batch.values["number"])
        return out


def made(plan: Plan, *, optimizer: str = "adamw", dropout: float = 0.0, bad: bool = False, count: int = 20) -> Job:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    x = torch.randn(64, 3, generator=torch.Generator().manual_seed(1))
    target = x.sum(1, keepdim=True)
    if bad:
        x[5, 1] = math.inf
    net = Net(dropout)
    groups = grouped(net, lr=1e-2, weight_decay=1e-2)
    return Job(
        objective=Regress(),
        nets={"net": net},
        stream=Minibatches(Batch({"number": x, "target": target}, torch.ones(64), torch.arange(64)), batch_size=16),
        step=steps.get("plain")(),
        optimizers={"main": optimizers.get(optimizer)(groups, lr=1e-2)},
        steps=count,
        evaluate_every=count,
        remedies=[remedies.get(name)(**options) for name, options in CLIPPED.items()],
        call=plan.call,
        plan=plan,
    )


def ended(job: Job) -> dict[str, torch.Tensor]:
    train(job, State(job))
    return job.nets["net"].state_dict()


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], within: float = 1e-5) -> bool:
    return list(one) == list(other) and all(torch.allclose(one[n], other[n], atol=within, rtol=within) for n in one)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "momentum", "nesterov", "rmsprop", "schedule_free"])
def test_one_buffer_trains_as_parameters_apart_do(optimizer: str) -> None:
    assert same(ended(made(Plan(), optimizer=optimizer)), ended(made(Plan(form="flat"), optimizer=optimizer)))


def test_afterwards_every_weight_has_memory_of_its_own() -> None:
    weights = ended(made(Plan(form="flat")))
    places = [one.untyped_storage().data_ptr() for one in weights.values()]
    assert len(set(places)) == len(places)
    assert all(one.untyped_storage().nbytes() == one.numel() * one.element_size() for one in weights.values())


@pytest.mark.parametrize("form", ["each", "flat"])
@pytest.mark.parametrize("optimizer", ["adamw", "momentum"])
def test_a_state_saved_in_the_middle_goes_on_to_the_bit(form: str, optimizer: str) -> None:
    def job() -> Job:
        return made(Plan(form=form), optimizer=optimizer, dropout=0.3)

    whole, kept = job(), []

    def keep(state: State) -> None:
        if state.step == 9:
            kept.append(packed(state.state_dict()))

    train(whole, State(whole), keep=keep)
    resumed = job()
    state = State(resumed)
    state.load_state_dict(unpacked(*kept[0]))
    train(resumed, state)
    first, second = whole.nets["net"].state_dict(), resumed.nets["net"].state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_state_of_one_form_is_taken_up_by_the_other() -> None:
    """Checkpoints do not depend on the plan."""
    trees = []
    for form in ("each", "flat"):
        job, kept = made(Plan(form=form)), []
        train(job, State(job), keep=lambda state, kept=kept: kept.append(packed(state.state_dict())))
        trees.append(kept[7])
    assert {name: one.shape for name, one in trees[0][1].items()} == {n: one.shape for n, one in trees[1][1].items()}
    other = made(Plan(form="flat"))
    state = State(other)
    state.load_state_dict(unpacked(*trees[0]))
    train(other, state)
    assert same(other.nets["net"].state_dict(), ended(made(Plan())))


@pytest.mark.parametrize("form", ["each", "flat"])
def test_a_gradient_that_is_not_finite_changes_nothing(form: str) -> None:
    job, trips = made(Plan(form=form), bad=True, count=4), list[Trip]()
    before = {name: one.clone() for name, one in job.nets["net"].state_dict().items()}
    steps_taken = []
    state = train(job, State(job), tripped=trips.append, keep=lambda state: steps_taken.append(state.skipped))
    assert state.skipped == len(trips) == 1
    assert all(torch.isfinite(one).all() for one in job.nets["net"].state_dict().values())
    assert int(job.nets["net"].state_dict()["body.1.num_batches_tracked"]) == 3
    assert not torch.equal(before["body.0.weight"], job.nets["net"].state_dict()["body.0.weight"])


def test_parameters_that_the_loss_does_not_reach_stay_as_they_are() -> None:
    job = made(Plan(form="flat"))
    idle = nn.Parameter(torch.ones(2, 2))
    job.nets["net"].register_parameter("idle", idle)
    job.optimizers["main"].add_param_group(
        {"params": [idle], "lr": 0.1, "weight_decay": 0.5, "base_lr": 0.1, "base_decay": 0.5}
    )
    train(job, State(job))
    assert torch.equal(idle, torch.ones(2, 2))


def test_filters_that_lie_pixel_by_pixel_keep_their_values_and_order() -> None:
    one = torch.randn(4, 3, 2, 2).contiguous(memory_format=torch.channels_last)
    kept = one.clone()
    flat = Flat([torch.randn(3), one])
    assert torch.equal(one, kept)
    assert one.is_contiguous(memory_format=torch.channels_last)
    line = flat.gathered([torch.zeros(3), one], torch.empty_like(flat.buffer))
    assert torch.equal(line[3:], flat.buffer[3:])


@pytest.mark.skipif(shutil.which("g++") is None, reason="no compiler here")
def test_a_compiled_step_is_the_plain_one() -> None:
    """Weights, statistics, clipping, penalties and averages agree, and a step that is not finite is refused."""
    assert same(ended(made(Plan())), ended(made(Plan(form="flat", compiled=True))), 1e-4)
    plain, program = made(Plan(), bad=True), made(Plan(form="flat", compiled=True), bad=True)
    states = [train(job, State(job), tripped=lambda trip: None) for job in (plain, program)]
    assert states[0].skipped == states[1].skipped == 5
    assert same(plain.nets["net"].state_dict(), program.nets["net"].state_dict(), 1e-4)


def test_what_cannot_be_compiled_is_trained_call_by_call() -> None:
    job = made(Plan(form="flat", compiled=True), optimizer="momentum")
    state = State(job)
    train(job, state)
    assert same(job.nets["net"].state_dict(), ended(made(Plan(), optimizer="momentum")))
