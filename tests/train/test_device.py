"""Jobs on another device: everything of a step is there, chance is the same, and all comes home afterwards.

A device that computes may be missing here, so tensors without values stand in: they refuse to be mixed with tensors of
another device just as a graphics card does.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from glia.augments import augments
from glia.core.errors import UsageError
from glia.core.parts import Stream
from glia.core.values import Batch, seeded
from glia.objectives.regress import Regress
from glia.streams.augmented import Augmented
from glia.streams.minibatches import Minibatches
from glia.train import device
from glia.train.device import HOME, Resident, here, home, moved, place, resident, resolved
from glia.train.groups import grouped
from glia.train.job import Job, State
from glia.train.loop import train
from glia.train.optimizers import optimizers
from glia.train.plan import Plan, refuse_unsupported
from glia.train.steps import steps


class Net(nn.Module):
    """A perceptron with statistics, dropout and a tensor made on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 1))

    def forward(self, batch: Batch) -> torch.Tensor:
        out: torch.Tensor = self.body(batch.values["number"]) + torch.arange(1)
        return out


def made(plan: Plan, count: int = 12) -> Job:
    torch.manual_seed(0)
    x = torch.randn(64, 3)
    net = Net()
    objective = Regress()
    objective.center, objective.scale = torch.zeros(1), torch.ones(1)
    return Job(
        objective=objective,
        nets={"net": net},
        stream=Minibatches(
            Batch({"number": x, "target": x.sum(1, keepdim=True)}, torch.ones(64), torch.arange(64)), batch_size=16
        ),
        step=steps.get("plain")(),
        optimizers={"main": optimizers.get("adamw")(grouped(net, lr=1e-2, weight_decay=1e-2), lr=1e-2)},
        steps=count,
        call=plan.call,
        plan=plan,
    )


def test_a_card_that_is_not_there_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match=r"plan\.device=cuda cannot be had.*set it to cpu") as caught:
        resolved("cuda")
    assert caught.value.code == "unsupported_device"
    assert resolved("auto") == resolved(None) == resolved("cpu") == "cpu"


def test_a_card_that_is_there_is_used_unless_somebody_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolved("auto") == resolved("cuda") == "cuda"
    assert resolved("cpu") == "cpu"


def test_precisions_are_those_of_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="graphics cards, and none is used"):
        refuse_unsupported("tf32")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (7, 5))
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda emulated: False)
    with pytest.raises(UsageError, match="too old"):
        refuse_unsupported("tf32", "cuda")
    with pytest.raises(UsageError, match="graphics card has no instructions"):
        refuse_unsupported("bf16", "cuda")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda emulated: True)
    refuse_unsupported("tf32", "cuda")
    refuse_unsupported("bf16", "cuda")


def test_a_card_that_does_not_compute_rightly_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(plan: Plan) -> Job:
        return place(made(plan))

    assert device.refusal(make, "cpu:0") == ""
    assert "a step on it failed" in device.refusal(make, "meta")
    whole = device._loss
    monkeypatch.setattr(device, "_loss", lambda make, where: whole(make, where) * (1 if where == HOME else 9))
    assert "on the processor" in device.refusal(make, "cpu:0")


def test_on_the_processor_nothing_is_touched() -> None:
    job = made(Plan())
    assert place(job) is job
    assert resident(job.stream.rows, HOME) is job.stream.rows  # type: ignore[attr-defined]
    assert "loss" not in vars(job.objective)


def test_everything_a_job_holds_is_moved_and_comes_home() -> None:
    job = place(made(Plan(device="meta")))
    held = [*job.nets["net"].parameters(), *job.nets["net"].buffers(), job.objective.center, *job.parameters("main")]  # type: ignore[attr-defined]
    rows = job.stream.rows  # type: ignore[attr-defined]
    assert {one.device.type for one in (*held, rows.weight, rows.row, *rows.values.values())} == {"meta"}
    assert {id(p) for p in job.parameters("main")} == {id(p) for p in job.nets["net"].parameters()}
    batch = next(job.stream.batches())
    assert (type(rows), type(batch), len(batch)) == (Resident, Batch, 16)
    assert job.objective.loss("main", dict(job.nets), batch, seeded(0, "x")).value.device.type == "meta"
    with pytest.raises(NotImplementedError):
        home(job)  # these tensors have no values to bring home


def test_a_whole_run_through_the_mover_is_the_plain_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the processor standing in for the device: resident rows, wrapped loss, constants, and home again."""
    plain, other = made(Plan()), made(Plan(device="cpu:0"))
    train(plain, State(plain))
    torch.manual_seed(0)
    other = place(other)
    assert isinstance(other.stream.rows, Resident)  # type: ignore[attr-defined]
    torch.manual_seed(0)
    made(Plan())  # the same draws before training
    train(other, State(other))
    assert "loss" not in vars(other.objective)
    for one, two in zip(plain.nets["net"].parameters(), other.nets["net"].parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_what_chance_draws_is_the_same_on_every_device() -> None:
    plain = torch.rand(5, generator=seeded(0, "x"))
    with here("cpu:0"):
        assert torch.equal(torch.rand(5, generator=seeded(0, "x")), plain)
    with here("meta"):
        assert torch.rand(5, generator=seeded(0, "x")).device.type == "meta"
        assert torch.multinomial(torch.ones(3, device="cpu"), 1, generator=seeded(0, "x")).device.type == "meta"
        assert torch.zeros(2, device="cpu").device.type == "cpu"


def test_windows_of_a_series_are_moved_once() -> None:
    series = torch.arange(100.0)
    windows = series.as_strided((90, 10), (1, 1))
    there = moved(Batch({"series": windows}, torch.ones(90), torch.arange(90)), "cpu:0").values["series"]
    assert torch.equal(there, windows)
    away = moved(Batch({"series": windows}, torch.ones(90), torch.arange(90)), "meta").values["series"]
    assert away.shape == windows.shape
    assert away.stride() == (1, 1)


def test_rows_that_do_not_fit_are_moved_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_fits", lambda rows, where: False)
    job = place(made(Plan(device="meta")))
    batches = job.stream.batches()
    first = next(batches)
    assert first.weight.device.type == "meta"
    place_now = job.stream.state_dict()
    assert place_now == {"epoch": 0, "offset": 16}
    job.stream.load_state_dict({"epoch": 2, "offset": 0})
    assert job.stream.state_dict()["epoch"] == 2


def pictures(rows: int = 8) -> Batch:
    return Batch(
        {"image": torch.zeros(rows, 3, 16, 16, dtype=torch.uint8), "target": torch.zeros(rows, 1, dtype=torch.int64)},
        torch.ones(rows),
        torch.arange(rows),
    )


@pytest.mark.parametrize("name", augments.names())
def test_pictures_are_changed_where_they_are(name: str) -> None:
    """Augmentations behind the mover draw what they draw without it."""
    stream: Stream = Augmented(Minibatches(pictures(), batch_size=4), [augments.get(name)()])
    stream = device._streamed(stream, "cpu:0")
    plain = Augmented(Minibatches(pictures(), batch_size=4), [augments.get(name)()])
    for one, other, _ in zip(stream.batches(), plain.batches(), range(3)):
        assert torch.equal(one.values["image"], other.values["image"])
