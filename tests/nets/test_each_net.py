"""What single networks promise beyond the shelf's contract."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, get_args

import pytest
import torch
from torch.nn import functional as F

from glia.core.errors import UsageError
from glia.core.values import Batch, Spec
from glia.nets.blocks.activations import Activation
from glia.nets.blocks.initializers import Initializer
from glia.nets.blocks.norms import Norm
from glia.nets.ft_transformer import FTTransformer
from glia.nets.linear import Linear
from glia.nets.mlp import MLP
from glia.nets.perceptron import Perceptron
from glia.nets.tabm import TabM

INPUTS = {"number": Spec(("feature",), (3,), names=("a", "b", "c"))}
CLASSES = Spec(("class",), (2,))


def batch(n: int = 5) -> Batch:
    return Batch({"number": torch.randn(n, 3)}, torch.ones(n), torch.arange(n))


def test_the_shelf_can_be_listed_without_loading_torch() -> None:
    code = "import sys; from glia.nets import nets; print(nets.names()); assert 'torch' not in sys.modules"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "tabm" in said.stdout


def test_two_classes_need_one_neuron_whose_probability_is_the_sigmoid() -> None:
    net, rows = Perceptron(INPUTS, CLASSES), batch()
    drive = net.neuron(rows.values["number"])[:, 0]
    torch.testing.assert_close(net(rows).softmax(1)[:, 1], drive.sigmoid())
    assert Perceptron(INPUTS, Spec(("class",), (3,))).neuron.out_features == 3
    assert Perceptron(INPUTS, Spec(("target",), (2,))).neuron.out_features == 2


def test_contributions_and_bias_sum_to_the_drive_of_a_neuron() -> None:
    net, rows = Perceptron(INPUTS, Spec(("class",), (3,))), batch()
    torch.testing.assert_close(net.contributions(rows).sum(-1) + net.neuron.bias, net(rows))
    assert net.contributions(rows).shape == (5, 3, len(net.names))


def test_a_linear_net_starts_with_every_class_alike() -> None:
    assert not Linear(INPUTS, CLASSES)(batch()).any()


def test_a_linear_net_finds_what_scikit_learn_finds() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    x = torch.randn(60, 3)
    y = (x[:, 0] - 0.5 * x[:, 1] + 0.7 * torch.randn(60) > 0).long()
    rows = Batch({"number": x}, torch.ones(60), torch.arange(60))
    net = Linear(INPUTS, CLASSES)
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Any:
        optimizer.zero_grad()
        # Of two logits only the difference d counts; the rows of weights are -d / 2 and d / 2.
        loss = F.cross_entropy(net(rows), y, reduction="sum") + net.output_layer.weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    theirs = linear_model.LogisticRegression(C=1.0).fit(x.numpy(), y.numpy())
    weight = net.output_layer.weight.detach()
    torch.testing.assert_close(weight[1] - weight[0], torch.tensor(theirs.coef_[0]).float(), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("activation", get_args(Activation))
@pytest.mark.parametrize("norm", get_args(Norm))
def test_an_mlp_takes_every_activation_and_norm(activation: Activation, norm: Norm) -> None:
    net = MLP(INPUTS, CLASSES, width=8, depth=2, activation=activation, norm=norm).train()
    net(batch()).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize("init", get_args(Initializer))
def test_an_mlp_takes_every_first_weight(init: Initializer) -> None:
    net = MLP(INPUTS, CLASSES, width=8, init=init)
    assert net(batch()).isfinite().all()
    assert (float(net.layers[0][0].weight.detach().abs().sum()) == 0) == (init == "zero")


def test_residual_layers_add_to_what_came_in() -> None:
    net, rows = MLP(INPUTS, CLASSES, width=8, depth=3, residual=True).eval(), batch()
    x = net.layers[0](rows.values["number"])
    for layer in net.layers[1:]:
        x = x + layer(x)
    assert torch.equal(net.features(rows), x)
    plain = MLP(INPUTS, CLASSES, width=8, depth=3).eval()
    plain.load_state_dict(net.state_dict())
    assert not torch.allclose(plain(rows), net(rows))


def test_members_of_a_tabm_differ_from_the_first_step_on() -> None:
    answers = TabM(INPUTS, CLASSES, width=16, members=6).eval()(batch())
    assert answers.shape == (5, 6, 2)
    assert float(answers.detach().std(1).min()) > 1e-3


def test_tabm_leaves_biases_of_members_and_lines_of_numbers_undecayed() -> None:
    undecayed = TabM(INPUTS, CLASSES, width=8).factors()
    assert {"layers.0.0.bias", "output_layer.bias", "flat.numbers.line.weight"} <= set(undecayed)
    assert not {"layers.0.0.weight", "layers.0.0.r", "layers.0.0.s"} & set(undecayed)


def test_attention_is_a_share_of_every_token() -> None:
    net, rows = FTTransformer(INPUTS, CLASSES, width=16, heads=4, depth=2), batch()
    first, last = net.train().attention(rows)
    assert first.shape == (5, 4, 4, 4)
    assert last.shape == (5, 4, 1, 4)
    torch.testing.assert_close(first.sum(-1), torch.ones(5, 4, 4))
    assert net.tokens == ("CLS", "a", "b", "c")


def test_a_width_that_heads_cannot_share_is_refused_with_one_they_can() -> None:
    with pytest.raises(UsageError, match=r"multiple of net\.heads.*take net\.width=16"):
        FTTransformer(INPUTS, CLASSES, width=15, heads=4)
