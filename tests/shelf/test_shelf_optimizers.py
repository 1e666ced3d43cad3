"""What every optimizer must do, whoever wrote it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from glia.core.constraints import describe_options
from glia.train.optimizers import optimizers

NAMES = optimizers.names()


def build(name: str, parameters: list[Any], *, decay: float = 0.0, **options: Any) -> torch.optim.Optimizer:
    part = optimizers.get(name)
    lr = options.pop("lr", part.default_lr)
    return part([{"params": parameters, "lr": lr, "weight_decay": decay, "base_lr": lr}], **options)


def take(optimizer: torch.optim.Optimizer, loss: Callable[[], Tensor]) -> float:
    """Take one step the way the loop does: with a gradient at hand, or with a closure."""

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    value = float(closure().detach())
    optimizer.step(closure) if getattr(optimizer, "needs_closure", False) else optimizer.step()
    return value


def xor() -> tuple[nn.Module, Callable[[], Tensor]]:
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([0, 1, 1, 0])
    return net, lambda: nn.functional.cross_entropy(net(x), y)


@pytest.mark.parametrize("name", NAMES)
def test_it_describes_itself(name: str) -> None:
    part = optimizers.get(name)
    options = describe_options(part)
    assert part.default_lr == options["lr"][1] > 0
    assert all(default is not Any for _, default in options.values())
    assert "Example:" in part.__doc__
    assert "Source:" in part.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_it_lowers_a_badly_scaled_quadratic(name: str) -> None:
    w = torch.full((4,), 2.0, requires_grad=True)
    scales = torch.tensor([0.1, 0.5, 1.0, 2.0])
    optimizer = build(name, [w])
    losses = [take(optimizer, lambda: (scales * w.square()).sum()) for _ in range(100)]
    assert max(losses[-10:]) < 0.97 * losses[0]


@pytest.mark.parametrize("name", NAMES)
def test_it_learns_exclusive_or(name: str) -> None:
    net, loss = xor()
    optimizer = build(name, list(net.parameters()), lr={"sgd": 1.0, "lbfgs": 1.0, "adagrad": 0.3}.get(name, 0.03))
    for _ in range(400):
        take(optimizer, loss)
    assert loss().item() < 0.05


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_state_goes_on_to_the_bit(name: str) -> None:
    few = {"max_iter": 2} if name == "lbfgs" else {}  # else it has arrived before the state is saved
    net, loss = xor()
    optimizer = build(name, list(net.parameters()), decay=0.01, **few)
    for _ in range(7):
        take(optimizer, loss)
    weights, state = copy.deepcopy(net.state_dict()), copy.deepcopy(optimizer.state_dict())
    for _ in range(7):
        take(optimizer, loss)
    again, loss_again = xor()
    other = build(name, list(again.parameters()), decay=0.5, lr=0.7, **few)
    again.load_state_dict(weights)
    # Groups go through JSON, as they do in a checkpoint without pickle.
    state["param_groups"] = json.loads(json.dumps(state["param_groups"]))
    other.load_state_dict(state)
    for _ in range(7):
        take(other, loss_again)
    for one, two in zip(net.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("name", NAMES)
def test_groups_keep_their_own_rate_decay_and_notes(name: str) -> None:
    fast, still = (torch.full((3, 3), 1.0, requires_grad=True) for _ in range(2))
    lr = optimizers.get(name).default_lr
    optimizer = optimizers.get(name)(
        [
            {"params": [fast], "lr": lr, "weight_decay": 0.1, "base_lr": lr, "base_decay": 0.1},
            {"params": [still], "lr": lr, "weight_decay": 0.0, "base_lr": lr, "base_decay": 0.0},
        ]
    )
    assert sorted(group["base_decay"] for group in optimizer.param_groups) == [0.0, 0.1]
    assert {id(p) for group in optimizer.param_groups for p in group["params"]} == {id(fast), id(still)}
    for _ in range(3):
        take(optimizer, lambda: 0.0 * (fast.sum() + still.sum()))
    assert torch.equal(still, torch.ones(3, 3))
    assert (fast < 1).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_rate_of_a_group_can_be_changed_at_any_time(name: str) -> None:
    w = torch.ones(3, 3, requires_grad=True)
    optimizer = build(name, [w])
    take(optimizer, lambda: w.square().sum() / 2 + w.sum())
    before = w.detach().clone()
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    take(optimizer, lambda: w.square().sum() / 2 + w.sum())
    if name == "lbfgs":  # its line search decides the length; the rate is only where the search begins
        return
    assert torch.allclose(w, before, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_without_gradient_stays(name: str) -> None:
    used, unused = (torch.ones(3, 3, requires_grad=True) for _ in range(2))
    optimizer = build(name, [used, unused], decay=0.1)
    take(optimizer, lambda: used.square().sum())
    assert torch.equal(unused, torch.ones(3, 3))
    assert not torch.equal(used, torch.ones(3, 3))


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_left_as_they_were(name: str) -> None:
    if name == "lbfgs":  # its closure computes new ones
        return
    w = torch.ones(3, 3, requires_grad=True)
    optimizer = build(name, [w], decay=0.1)
    w.grad = torch.full((3, 3), 0.5)
    optimizer.step()
    assert torch.equal(w.grad, torch.full((3, 3), 0.5))
