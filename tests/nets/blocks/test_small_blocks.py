"""Activations, norms, first weights and dropout."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import nn

from glia.nets.blocks.activations import Activation, activation
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.initializers import Initializer, initialize
from glia.nets.blocks.norms import BatchNorm, Norm, norm


@pytest.mark.parametrize("name", get_args(Activation))
def test_every_activation_named_exists_and_keeps_the_shape(name: Activation) -> None:
    x = torch.randn(4, 5)
    y = activation(name)(x)
    assert y.shape == x.shape
    assert name == "identity" or not torch.equal(x, y)


def test_softmax_runs_over_the_last_axis() -> None:
    torch.testing.assert_close(activation("softmax")(torch.randn(3, 4, 5)).sum(-1), torch.ones(3, 4))


@pytest.mark.parametrize("name", get_args(Norm))
@pytest.mark.parametrize("width", [1, 7, 24])
def test_every_norm_named_takes_any_width_and_one_row(name: Norm, width: int) -> None:
    layer = norm(name, width).train()
    assert layer(torch.randn(5, width)).shape == (5, width)
    assert layer(torch.randn(1, width)).isfinite().all()


@pytest.mark.parametrize("width", [1, 2, 7, 24])
def test_no_norm_erases_what_it_normalizes(width: int) -> None:
    for name in get_args(Norm):
        x = torch.randn(5, width)
        assert float(norm(name, width)(x).detach().std()) > 0.1


def test_batch_norm_uses_what_it_knows_for_one_row_and_learns_nothing_from_it() -> None:
    layer = BatchNorm(3).train()
    layer(torch.randn(64, 3) * 5 + 2)
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    row = torch.randn(1, 3)
    torch.testing.assert_close(layer.train()(row), layer.eval()(row))
    assert all(torch.equal(before[name], value) for name, value in layer.state_dict().items())


def test_batch_norm_is_the_one_of_pytorch_otherwise() -> None:
    ours, theirs, x = BatchNorm(3), nn.BatchNorm1d(3), torch.randn(6, 3)
    assert torch.equal(ours(x), theirs(x))
    assert list(ours.state_dict()) == list(theirs.state_dict())


@pytest.mark.parametrize("name", get_args(Initializer))
def test_first_weights_have_the_variance_of_their_rule(name: Initializer) -> None:
    layer = initialize(nn.Linear(400, 100), name)
    rules = {"glorot": 2 / 500, "he": 2 / 400, "lecun": 1 / 400, "orthogonal": 1 / 400, "zero": 0.0}
    expected = rules[name.split("_")[0]]
    assert float(layer.weight.detach().var()) == pytest.approx(expected, rel=0.05)
    assert float(layer.bias.detach().abs().max()) == 0.0
    if name.endswith("uniform"):
        assert float(layer.weight.detach().abs().max()) <= (3 * expected) ** 0.5


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(rate: float, dtype: torch.dtype) -> None:
    x = torch.ones(1000, 333, dtype=dtype)
    y = Dropout(rate).train()(x)
    assert y.dtype == dtype
    assert float((y == 0).float().mean()) == pytest.approx(rate, abs=0.005)
    assert float(y.float().mean()) == pytest.approx(1.0, rel=0.02)
    assert len(y.unique()) == 2


def test_dropout_sends_gradient_where_it_let_values_pass() -> None:
    x = torch.ones(50, 3, requires_grad=True)
    y = Dropout(0.5).train()(x)
    y.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, y.detach())


def test_dropout_masks_do_not_repeat_across_places() -> None:
    kept = (Dropout(0.5).train()(torch.ones(4000, 4)) != 0).float()
    # Four masks come from one draw: they must not know of each other.
    off_diagonal = torch.corrcoef(kept.T) - torch.eye(4)
    assert off_diagonal.abs().max() < 0.08
    assert (kept.mean(0) - 0.5).abs().max() < 0.05


def test_dropout_follows_the_seed_and_rests_in_eval() -> None:
    x, layer = torch.ones(100), Dropout(0.3)
    torch.manual_seed(5)
    one = layer.train()(x)
    torch.manual_seed(5)
    assert torch.equal(one, layer(x))
    assert not torch.equal(one, layer(x))
    assert layer.eval()(x) is x


def test_a_rate_too_small_for_the_fast_way_still_drops() -> None:
    torch.manual_seed(0)
    assert (Dropout(5e-6).train()(torch.ones(3_000_000)) == 0).any()
