"""What every step must do, whoever wrote it: the same objective, unchanged, under each."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from glia.core.constraints import describe_options
from glia.core.values import Batch, Loss
from glia.train.steps import steps

NAMES = steps.names()


def batch_of(rows: int) -> Batch:
    torch.manual_seed(0)
    number, weight = torch.randn(rows, 3), torch.rand(rows) + 0.1
    target = number @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.1 * torch.randn(rows, 1)
    return Batch({"number": number, "target": target}, weight, torch.arange(rows))


def linear(batch: Batch, w: Tensor) -> Loss:
    error = batch.values["number"] @ w - batch.values["target"][:, 0]
    return Loss(error.square(), batch.weight, {"square": error.detach().square(), "rows": torch.tensor(1.0)})


@pytest.mark.parametrize("name", NAMES)
def test_following_its_gradient_lowers_the_loss(name: str) -> None:
    w, batch = torch.zeros(3, requires_grad=True), batch_of(50)
    step, losses = steps.get(name)(), []

    def loss(rows: Batch) -> Loss:
        return linear(rows, w)

    for _ in range(50):
        losses.append(step(loss, batch, [w]).loss.item())
        with torch.no_grad():
            w.sub_(w.grad, alpha=0.1)
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize("name", NAMES)
def test_it_reports_the_weighted_mean_the_weight_and_the_parts(name: str) -> None:
    w, batch = torch.ones(3, requires_grad=True), batch_of(50)
    reading = steps.get(name)()(lambda rows: linear(rows, w), batch, [w])
    mean = linear(batch, w.detach()).mean()
    assert reading.loss.item() == pytest.approx(mean.item(), rel=1e-6)
    assert reading.weight.item() == pytest.approx(batch.weight.sum().item(), rel=1e-6)
    assert reading.parts["square"].item() == pytest.approx(mean.item(), rel=1e-6)
    assert reading.parts["rows"].item() == pytest.approx(1.0)
    assert not reading.loss.requires_grad


@pytest.mark.parametrize("name", NAMES)
def test_weights_and_old_gradients_do_not_matter_and_others_are_left_alone(name: str) -> None:
    w, other, unused, batch = *(torch.ones(3, requires_grad=True) for _ in range(3)), batch_of(50)

    def loss(rows: Batch) -> Loss:
        return linear(rows, w * other)

    steps.get(name)()(loss, batch, [w, unused])
    first = w.grad.clone()
    w.grad.fill_(99.0)
    steps.get(name)()(loss, batch, [w, unused])
    assert torch.equal(w.grad, first)
    assert torch.equal(w.detach(), torch.ones(3))
    assert other.grad is None
    assert unused.grad is None


@pytest.mark.parametrize("name", NAMES)
def test_padded_rows_count_for_nothing(name: str) -> None:
    w, batch = torch.ones(3, requires_grad=True), batch_of(50)
    padded = batch_of(50)
    padded.values["number"][40:] = 1e6
    padded.weight[40:] = 0.0
    steps.get(name)()(lambda rows: linear(rows, w), padded, [w])
    with_padding = w.grad.clone()
    steps.get(name)()(lambda rows: linear(rows, w), batch.take(slice(0, 40)), [w])
    assert torch.allclose(w.grad, with_padding, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rows", [0, 5])
def test_a_batch_without_weight_gives_a_gradient_of_zero(name: str, rows: int) -> None:
    w, batch = torch.ones(3, requires_grad=True), batch_of(rows)
    batch.weight.zero_()
    reading = steps.get(name)()(lambda rows: linear(rows, w), batch, [w])
    assert torch.equal(w.grad, torch.zeros(3))
    assert reading.loss.item() == reading.weight.item() == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_it_describes_itself(name: str) -> None:
    part = steps.get(name)
    assert isinstance(describe_options(part), dict)
    assert "Example:" in part.__doc__
