"""What single optimizers promise beyond the shelf's contract."""

from __future__ import annotations

import pytest
import schedulefree
import torch
from torch import nn

from glia.train.optimizers.lbfgs import LBFGS
from glia.train.optimizers.muon import Muon
from glia.train.optimizers.schedule_free import ScheduleFree


def small(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))


def gradients(net: nn.Module, step: int) -> None:
    generator = torch.Generator().manual_seed(step)
    for parameter in net.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator) + parameter.detach()


def test_schedule_free_equals_the_published_package() -> None:
    ours, theirs = small(), small()
    mine = ScheduleFree([{"params": list(ours.parameters()), "lr": 0.01, "weight_decay": 0.02}])
    published = schedulefree.AdamWScheduleFree(theirs.parameters(), lr=0.01, weight_decay=0.02, warmup_steps=10)
    published.train()
    for step in range(60):
        mine.param_groups[0]["lr"] = 0.01 * min((step + 1) / 10, 1.0)
        for net in (ours, theirs):
            gradients(net, step)
        mine.step()
        published.step()
    for one, two in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one, two, atol=1e-6, rtol=0)
    published.eval()
    with mine.averaged():
        for one, two in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(one, two, atol=1e-6, rtol=0)


def test_looking_at_the_average_changes_nothing_even_when_looking_fails() -> None:
    net = small()
    free = ScheduleFree([{"params": list(net.parameters())}])
    with free.averaged():  # before the first step there is no average, and the weights are shown
        pass
    for step in range(5):
        gradients(net, step)
        free.step()
    before = [p.detach().clone() for p in net.parameters()]
    try:
        with free.averaged():
            assert not all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


def test_muon_is_its_two_halves_put_together() -> None:
    ours, theirs = small(), small()
    parameters = list(theirs.parameters())
    halves = (
        torch.optim.Muon(
            [p for p in parameters if p.ndim == 2], lr=0.02, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW([p for p in parameters if p.ndim == 1], lr=0.02, weight_decay=0.1),
    )
    both = Muon([{"params": list(ours.parameters()), "lr": 0.02, "weight_decay": 0.1}])
    for step in range(5):
        for net in (ours, theirs):
            gradients(net, step)
        both.step()
        for half in halves:
            half.step()
    for one, two in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one, two, atol=1e-6)


def test_muon_leaves_vectors_thin_matrices_and_what_is_not_hidden_to_adamw() -> None:
    def tensor(*shape: int) -> torch.Tensor:
        return torch.zeros(shape, requires_grad=True)

    made = Muon([{"params": [tensor(4, 4), tensor(4), tensor(1, 4), tensor(2, 3, 4), tensor(1, 3, 3, 3)]}])
    assert [(group["matrix"], len(group["params"])) for group in made.param_groups] == [(True, 2), (False, 3)]
    made = Muon([{"params": [tensor(4, 4)], "hidden": False}])
    assert [group["matrix"] for group in made.param_groups] == [False]


def test_muon_gives_hidden_updates_nearly_equal_singular_values() -> None:
    torch.manual_seed(0)
    w = torch.zeros(16, 16, requires_grad=True)
    made = Muon([{"params": [w], "lr": 1.0}])
    w.grad = torch.randn(16, 16) @ torch.diag(torch.logspace(0, -1, 16))
    made.step()
    values = torch.linalg.svdvals(w.detach()) / (0.2 * 4)
    assert values.max() < 1.4
    assert values.min() > 0.4


def test_muon_turns_held_filters_by_a_share_of_their_length() -> None:
    torch.manual_seed(0)
    filters = torch.randn(8, 3, 3, 3).to(memory_format=torch.channels_last).requires_grad_()
    made = Muon([{"params": [filters], "lr": 0.01, "weight_decay": 0.5}], hold=24)
    filters.grad = torch.randn(8, 3, 3, 3)
    before = filters.detach() * (8**0.5 / filters.detach().norm())
    made.step()
    assert float((filters.detach() - before).norm()) / 8**0.5 == pytest.approx(0.24, rel=0.2)
    made.step()
    assert float(filters.detach().norm()) == pytest.approx(8**0.5, rel=0.35)


def regression() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    x = torch.randn(50, 4)
    return x, x @ torch.tensor([1.0, -2.0, 0.5, 3.0]) + 0.1 * torch.randn(50)


def test_lbfgs_solves_ridge_regression_exactly_with_a_decay_per_group() -> None:
    x, y = regression()
    strong, free = (torch.zeros(2, requires_grad=True) for _ in range(2))
    made = LBFGS(
        [
            {"params": [strong], "lr": 1.0, "weight_decay": 0.7},
            {"params": [free], "lr": 1.0, "weight_decay": 0.0},
        ]
    )

    def closure() -> torch.Tensor:
        made.zero_grad()
        loss = (x @ torch.cat([strong, free]) - y).square().mean() / 2
        loss.backward()
        return loss

    for _ in range(3):
        made.step(closure)
    ridge = torch.linalg.solve(x.T @ x / 50 + torch.diag(torch.tensor([0.7, 0.7, 0.0, 0.0])), x.T @ y / 50)
    assert torch.allclose(torch.cat([strong, free]), ridge, atol=1e-4)


def test_only_lbfgs_wants_a_closure_and_only_schedule_free_an_average() -> None:
    from glia.train.optimizers import optimizers

    made = {
        name: optimizers.get(name)([{"params": [torch.zeros(2, 2, requires_grad=True)]}]) for name in optimizers.names()
    }
    assert [name for name, one in made.items() if getattr(one, "needs_closure", False)] == ["lbfgs"]
    assert [name for name, one in made.items() if hasattr(one, "averaged")] == ["schedule_free"]
