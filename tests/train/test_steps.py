"""Steps against steps written by hand, and the hard case: a recurrent network on ragged text."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from glia.core.errors import UsageError
from glia.core.parts import Step
from glia.core.values import Batch, Loss
from glia.train.steps._splits import refuse_coupled
from glia.train.steps.accumulate import Accumulate
from glia.train.steps.plain import Plain
from glia.train.steps.sam import Sam


class Reader(nn.Module):
    """Characters in, a class out; what lies beyond the end of a text is never read."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 6)
        self.recurrent = nn.LSTM(6, 8, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, batch: Batch) -> Tensor:
        state_BTD, _ = self.recurrent(self.embedding(batch.values["text"]))
        present_BT1 = batch.present["text"].unsqueeze(-1)
        return self.head((state_BTD * present_BT1).sum(1) / present_BT1.sum(1).clamp_min(1))


def texts(rows: int = 23, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, 12, (rows,), generator=generator)
    present = torch.arange(12) < lengths.unsqueeze(1)
    codes = torch.randint(1, 20, (rows, 12), generator=generator) * present
    target = (codes.sum(1) % 3).unsqueeze(1)
    weight = torch.rand(rows, generator=generator) * (torch.rand(rows, generator=generator) > 0.2)
    weight[-2:] = 0.0  # a padded tail
    return Batch({"text": codes, "target": target}, weight, torch.arange(rows), present={"text": present})


def loss_of(net: nn.Module, batch: Batch) -> Loss:
    value = nn.functional.cross_entropy(net(batch), batch.values["target"][:, 0], reduction="none")
    return Loss(value, batch.weight)


def gradients(step: Step, net: nn.Module, batch: Batch) -> list[Tensor]:
    parameters = list(net.parameters())
    step(lambda rows: loss_of(net, rows), batch, parameters)
    found = [p.grad.clone() for p in parameters if p.grad is not None]
    assert len(found) == len(parameters)
    return found


def equal(ones: list[Tensor], twos: list[Tensor], atol: float = 0.0) -> bool:
    return all(torch.allclose(a, b, rtol=0, atol=atol) for a, b in zip(ones, twos, strict=True))


def reader(seed: int = 0) -> Reader:
    torch.manual_seed(seed)
    return Reader()


def test_plain_equals_a_step_written_by_hand_to_the_bit() -> None:
    ours, theirs, batch = reader(), reader(), texts()
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.5)
    mine = torch.optim.SGD(ours.parameters(), lr=0.5)
    for _ in range(5):
        optimizer.zero_grad()
        logits = theirs(batch)
        losses = nn.functional.cross_entropy(logits, batch.values["target"][:, 0], reduction="none")
        ((losses * batch.weight).sum() / batch.weight.sum()).backward()
        optimizer.step()
        gradients(Plain(), ours, batch)
        mine.step()
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


@settings(max_examples=25, deadline=None)
@given(micro_batch=st.integers(1, 30), rows=st.integers(1, 30), seed=st.integers(0, 5))
def test_accumulating_ragged_micro_batches_equals_plain(micro_batch: int, rows: int, seed: int) -> None:
    net, batch = reader(), texts(rows, seed)
    plain = gradients(Plain(), net, batch)
    assert equal(gradients(Accumulate(micro_batch=micro_batch), net, batch), plain, atol=1e-6)


def test_averaging_the_means_of_micro_batches_would_not_have_been_equal() -> None:
    net, batch = reader(), texts()
    pieces = [gradients(Plain(), net, batch.take(slice(start, start + 10))) for start in (0, 10, 20)]
    naive = [torch.stack(grads).mean(0) for grads in zip(*pieces, strict=True)]
    assert not equal(naive, gradients(Plain(), net, batch), atol=1e-3)


def test_sharpness_aware_steps_of_no_radius_equal_plain_under_either_step() -> None:
    net, batch = reader(), texts()
    plain = gradients(Plain(), net, batch)
    assert equal(gradients(Sam(rho=0.0), net, batch), plain)
    assert equal(gradients(Sam(Accumulate(micro_batch=5), rho=0.0), net, batch), plain, atol=1e-6)


def test_sharpness_aware_gradients_are_taken_at_the_worst_point_nearby() -> None:
    net, other, batch = reader(), reader(), texts()
    plain = gradients(Plain(), other, batch)
    norm = torch.stack([grad.square().sum() for grad in plain]).sum().sqrt()
    with torch.no_grad():
        for parameter, grad in zip(other.parameters(), plain, strict=True):
            parameter += 0.3 * grad / norm
    by_hand = gradients(Plain(), other, batch)
    assert equal(gradients(Sam(rho=0.3), net, batch), by_hand, atol=1e-6)
    assert equal(gradients(Sam(Accumulate(micro_batch=7), rho=0.3), net, batch), by_hand, atol=1e-6)
    assert not equal(plain, by_hand, atol=1e-3)


@pytest.mark.parametrize(
    "step",
    [Plain(), Accumulate(micro_batch=5), Sam(), Sam(Accumulate(micro_batch=5))],
    ids=["plain", "accumulate", "sam", "sam-accumulate"],
)
def test_a_reader_of_ragged_text_learns_under_every_step(step: Step) -> None:
    net, batch = reader(), texts()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.03)
    before = loss_of(net, batch).mean().item()
    for _ in range(25):
        gradients(step, net, batch)
        optimizer.step()
    assert loss_of(net, batch).mean().item() < 0.5 * before


def test_sharpness_aware_steps_restore_the_weights_exactly_even_when_the_loss_fails() -> None:
    net, batch = reader(), texts()
    before = [p.detach().clone() for p in net.parameters()]
    gradients(Sam(rho=0.7), net, batch)
    assert equal(before, [p.detach() for p in net.parameters()])
    calls = []

    def failing(rows: Batch) -> Loss:
        calls.append(rows)
        if len(calls) == 2:
            assert not equal(before, [p.detach() for p in net.parameters()])
            raise KeyboardInterrupt
        return loss_of(net, rows)

    with pytest.raises(KeyboardInterrupt):
        Sam(rho=0.7)(failing, batch, list(net.parameters()))
    assert equal(before, [p.detach() for p in net.parameters()])


def test_parameters_that_only_some_micro_batches_reach_get_their_whole_gradient() -> None:
    first, second = (torch.ones(1, requires_grad=True) for _ in range(2))
    batch = Batch({"number": torch.tensor([[1.0], [2.0], [3.0]])}, torch.tensor([1.0, 2.0, 3.0]), torch.arange(3))

    def loss(rows: Batch) -> Loss:
        w = first if rows.row[0] == 0 else second
        return Loss((rows.values["number"] * w).sum(1), rows.weight)

    Accumulate(micro_batch=1)(loss, batch, [first, second])
    assert first.grad.item() == pytest.approx(1 / 6)
    assert second.grad.item() == pytest.approx(13 / 6)


@pytest.mark.parametrize("step", [Accumulate(), Sam(Accumulate())], ids=["accumulate", "sam of accumulate"])
def test_objectives_that_compare_rows_refuse_to_be_split(step: Step) -> None:
    contrastive = SimpleNamespace(couples="batch")
    with pytest.raises(UsageError, match="micro_batch") as caught:
        refuse_coupled(step, contrastive)  # type: ignore[arg-type]
    assert caught.value.code == "batch_coupled"
    refuse_coupled(Sam(), contrastive)  # type: ignore[arg-type]
    refuse_coupled(Plain(), contrastive)  # type: ignore[arg-type]
    refuse_coupled(step, SimpleNamespace(couples="row"))  # type: ignore[arg-type]
