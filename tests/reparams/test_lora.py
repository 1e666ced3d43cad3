"""Low-rank adapters: begin as nothing, train little, fold exactly."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from glia.core.constraints import check_options
from glia.core.errors import UsageError
from glia.core.values import Batch, Spec
from glia.nets.cnn import CNN
from glia.reparams import reparams
from glia.reparams.lora import Lora


def _net() -> CNN:
    torch.manual_seed(0)
    spec = Spec(("channel", "height", "width"), (3, 16, 16), "uint8")
    return CNN({"image": spec}, Spec(("class",), (3,)), width=16, stages=2, depth=2)


def _rows(n: int = 6) -> Batch:
    image = torch.randint(0, 256, (n, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    return Batch({"image": image}, torch.ones(n), torch.arange(n))


def _trained(net: nn.Module, steps: int = 8) -> None:
    optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(_rows()), torch.arange(6) % 3).backward()
        optimizer.step()


def test_the_shelf_holds_it() -> None:
    assert reparams.get("lora") is Lora
    with pytest.raises(UsageError, match=r"lora\.rank"):
        check_options(Lora, {"rank": 0}, "lora")


def test_a_network_begins_as_it_was_and_trains_few_weights() -> None:
    net = _net().eval()
    before, many = net(_rows()), sum(p.numel() for p in net.parameters())
    Lora(rank=2).put_on(net)
    assert torch.equal(net(_rows()), before)
    few = sum(p.numel() for p in net.parameters() if p.requires_grad)
    assert few < 0.35 * many
    assert all(p.requires_grad for p in net.output_layer.parameters()), "the last layer is learned anew"


def test_frozen_weights_stay_to_the_bit_and_corrections_learn() -> None:
    net = _net()
    plain = copy.deepcopy(net.state_dict())
    Lora(rank=2).put_on(net)
    _trained(net.train())
    state = net.state_dict()
    held = [name for name in state if name.endswith("parametrizations.weight.original")]
    assert len(held) == 4
    for name in held:
        assert torch.equal(state[name], plain[name.replace("parametrizations.weight.original", "weight")])
        assert state[name.replace("original", "0.up")].abs().sum() > 0


def test_folding_keeps_answers_and_brings_the_names_back() -> None:
    net, lora = _net(), Lora(rank=2)
    names = list(net.state_dict())
    lora.put_on(net)
    _trained(net.train())
    net.eval()
    before, folded = net(_rows()), lora.folded(net)
    assert sorted(folded) == sorted(names)
    assert torch.equal(net(_rows()), before), "asking for the folded state changes nothing"
    lora.fold(net)
    assert sorted(net.state_dict()) == sorted(names)
    torch.testing.assert_close(net(_rows()), before)
    assert all(torch.equal(net.state_dict()[name], folded[name]) for name in names)
    assert all(p.requires_grad for p in net.parameters())
    fresh = _net().eval()
    fresh.load_state_dict(folded)
    torch.testing.assert_close(fresh(_rows()), before)


def test_what_was_frozen_before_stays_so() -> None:
    net = _net()
    net.stages[0].requires_grad_(False)
    Lora(rank=2).put_on(net)
    assert not any(p.requires_grad for p in net.stages[0].parameters())


def test_a_single_layer_is_its_own_head() -> None:
    net = nn.Linear(64, 64)
    Lora(rank=2).put_on(net)
    assert sorted(net.state_dict()) == ["bias", "weight"]
