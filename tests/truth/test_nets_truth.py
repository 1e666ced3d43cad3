"""Fast networks give what published code and slow loops give."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import pytest
import rtdl_num_embeddings as rtdl
import tabm
import torch
from tests.truth import tables_reference as slow
from torch import Tensor, nn

from glia.core.values import Batch, Spec
from glia.nets.blocks.ensemble import BatchEnsembleLinear, MembersLinear
from glia.nets.blocks.numbers import Periodic, PiecewiseLinear
from glia.nets.ft_transformer import FTTransformer
from glia.nets.realmlp import RealMLP
from glia.nets.resnet_mlp import ResNetMLP
from glia.nets.tabm import TabM

OUTPUT = Spec(("class",), (3,))
EDGES = ((-2.0, -1.0, -0.5, 0.5, 2.0), (-1.5, 2.5), (-2.0, 0.0, 3.0))
CARDINALITIES = (2, 5)


def specs(*groups: str) -> dict[str, Spec]:
    classes = tuple(tuple(str(code) for code in range(size)) for size in CARDINALITIES)
    every = {
        "number": Spec(("feature",), (3,), edges=EDGES),
        "category": Spec(("feature",), (2,), "int64", classes=classes),
        "dense": Spec(("feature",), (2,)),
    }
    return {name: every[name] for name in groups}


def rows(n: int = 7) -> Batch:
    category = torch.stack([torch.randint(size, (n,)) for size in CARDINALITIES], 1)
    # Inside the knots: beyond them our last piece comes to rest, on purpose.
    number = torch.rand(n, 3) * 3 - 1.5
    return Batch({"number": number, "category": category, "dense": torch.rand(n, 2)}, torch.ones(n), torch.arange(n))


def shaken(net: nn.Module) -> nn.Module:
    """Return the network with every weight moved, since ones and zeros hide mistakes."""
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
        for buffer_name, buffer in net.named_buffers():
            if "running" in buffer_name:
                buffer.copy_(torch.rand_like(buffer) + 0.5)
    return net.eval()


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def published_pieces(pieces: Tensor) -> Tensor:
    """Return piecewise-linear weights in the published layout: the last bin of each feature at the end."""
    theirs = torch.zeros_like(pieces)
    for feature, knots in enumerate(EDGES):
        bins = len(knots) - 1
        theirs[feature, : bins - 1] = pieces[feature, : bins - 1]
        theirs[feature, -1] = pieces[feature, bins - 1]
    return theirs


def published_numbers(kind: str, width: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of features with a single bin
        if kind == "piecewise_linear":
            bins = [torch.tensor(knots) for knots in EDGES]
            return rtdl.PiecewiseLinearEmbeddings(bins, width, activation=False, version="B")
        return rtdl.PeriodicEmbeddings(3, width, lite=False) if kind == "periodic" else None


def give_numbers(ours: nn.Module, theirs: Any) -> None:
    if isinstance(ours, PiecewiseLinear):
        assert ours.pieces is not None
        theirs.linear0.load_state_dict(ours.line.state_dict())
        theirs.linear.weight.data = published_pieces(ours.pieces.data)
    else:
        theirs.periodic.weight.data = ours.frequency.data
        theirs.linear.weight.data, theirs.linear.bias.data = ours.weight.data, ours.bias.data


def published_tabm(ours: TabM, numbers: str, groups: tuple[str, ...], **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = tabm.TabM.make(
            n_num_features=3 if "number" in groups else 0,
            cat_cardinalities=list(CARDINALITIES) if "category" in groups else None,
            d_out=3,
            num_embeddings=published_numbers(numbers, 4) if "number" in groups else None,
            **options,
        ).eval()
    if theirs.num_module is not None:
        give_numbers(ours.flat.numbers, theirs.num_module)
    for mine, block in zip(ours.layers, theirs.backbone.blocks):
        for name, value in mine[0].named_parameters():
            if name == "r" and options["arch_type"] == "tabm-mini":
                theirs.backbone.affine.weight.data = value.data
            else:
                getattr(block[0], name).data = value.data
    theirs.output.weight.data, theirs.output.bias.data = (
        ours.output_layer.weight.data,
        ours.output_layer.bias.data,
    )
    return theirs


@pytest.mark.parametrize("arch", ["tabm", "tabm-mini"])
@pytest.mark.parametrize("numbers", ["piecewise_linear", "periodic", "none"])
@pytest.mark.parametrize("groups", [("number", "category"), ("number",), ("category",)], ids="+".join)
def test_tabm_answers_as_the_published_package(arch: str, numbers: str, groups: tuple[str, ...]) -> None:
    options: dict[str, Any] = {"width": 16, "depth": 3, "members": 5, "embedding_width": 4}
    ours = shaken(TabM(specs(*groups), OUTPUT, arch=arch, numbers=numbers, **options))
    assert isinstance(ours, TabM)
    theirs = published_tabm(ours, numbers, groups, arch_type=arch, n_blocks=3, d_block=16, k=5)
    batch = rows()
    published = theirs(
        batch.values["number"] if "number" in groups else None,
        batch.values["category"] if "category" in groups else None,
    )
    close(ours(batch), published)
    ours_count, theirs_count = (sum(p.numel() for p in net.parameters()) for net in (ours, theirs))
    # In both, a feature with fewer bins than others carries weights that meet nothing but zero.
    assert ours_count == theirs_count


def test_the_default_tabm_has_as_many_parameters_as_the_published_one() -> None:
    ours = TabM(specs("number", "category"), OUTPUT)
    theirs = tabm.TabM.make(
        n_num_features=3,
        cat_cardinalities=list(CARDINALITIES),
        d_out=3,
        num_embeddings=published_numbers("piecewise_linear", 16),
        n_blocks=3,
        d_block=256,
    )
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in theirs.parameters())


def test_tabm_begins_as_the_published_one_in_distribution() -> None:
    ours = TabM(specs("number", "category"), OUTPUT, members=400)
    first = ours.layers[0][0]
    # One normal draw per member and feature: the inputs of a feature share it, features do not.
    assert torch.equal(first.r[:, :16], first.r[:, :1].expand(-1, 16))
    assert abs(float(first.r[:, 0].detach().std()) - 1) < 0.15
    assert abs(float(torch.corrcoef(first.r[:, [0, 16]].T)[0, 1].detach())) < 0.2
    assert torch.equal(first.s, torch.ones_like(first.s))
    assert torch.equal(first.bias, first.bias[:1].expand_as(first.bias))
    assert first.weight.abs().max() <= first.weight.shape[1] ** -0.5
    later = ours.layers[1][0]
    assert torch.equal(later.r, torch.ones_like(later.r))
    signs = TabM(specs("number"), OUTPUT, numbers="none").layers[0][0].r
    assert torch.equal(signs.abs(), torch.ones_like(signs))


def test_piecewise_linear_embeddings_equal_the_published_ones() -> None:
    ours = shaken(PiecewiseLinear(EDGES, 6))
    theirs = published_numbers("piecewise_linear", 6)
    give_numbers(ours, theirs)
    x = torch.rand(50, 3) * 3 - 1.5
    close(ours(x), theirs(x))


def test_periodic_embeddings_equal_the_published_ones() -> None:
    ours = shaken(Periodic(3, 6))
    theirs = published_numbers("periodic", 6)
    give_numbers(ours, theirs)
    x = torch.randn(50, 3)
    close(ours(x), theirs(x))


def test_batch_ensemble_is_as_many_linear_layers_as_members() -> None:
    layer = shaken(BatchEnsembleLinear(5, 4, members=3))
    assert isinstance(layer, BatchEnsembleLinear)
    assert layer.s is not None
    shared, own = torch.randn(6, 5), torch.randn(3, 6, 5)
    for member in range(3):
        one = nn.Linear(5, 4)
        # (x * r) W' * s = x (s W r)': the scales of a member are its own weight of rank-one difference.
        one.weight.data = layer.s[member][:, None] * layer.weight * layer.r[member][None, :]
        one.bias.data = layer.bias[member]
        close(layer(shared)[member], one(shared))
        close(layer(own)[member], one(own[member]))


def test_heads_of_members_are_as_many_linear_layers() -> None:
    layer = MembersLinear(5, 4, members=3)
    x = torch.randn(3, 6, 5)
    for member in range(3):
        close(layer(x)[member], x[member] @ layer.weight[member] + layer.bias[member])


def test_ft_transformer_answers_as_loops_over_rows_heads_and_tokens() -> None:
    net = shaken(FTTransformer(specs("number", "category", "dense"), OUTPUT, width=12, heads=3, depth=3))
    assert isinstance(net, FTTransformer)
    batch = rows(4)
    answers, looked = slow.ft_transformer(net, batch, heads=3)
    close(net(batch), answers)
    attention = net.attention(batch)
    for row, block in itertools.product(range(4), range(3)):
        expected = looked[row][block]
        close(attention[block][row], expected if block < 2 else expected[:, :1])
    assert attention[0].shape == (4, 3, len(net.tokens), len(net.tokens))


def test_resnet_mlp_answers_as_its_formula() -> None:
    net = shaken(ResNetMLP(specs("number", "dense"), OUTPUT, width=8, depth=3))
    assert isinstance(net, ResNetMLP)
    batch = rows()
    close(net(batch), slow.resnet_mlp(net, torch.cat([batch.values["number"], batch.values["dense"]], 1)))


@pytest.mark.parametrize(("axis", "function"), [("class", nn.SELU()), ("target", nn.Mish())])
def test_realmlp_answers_as_its_formula(axis: str, function: nn.Module) -> None:
    net = shaken(RealMLP(specs("number", "dense"), Spec((axis,), (3,)), width=8))
    assert isinstance(net, RealMLP)
    batch = rows()
    close(net(batch), slow.realmlp(net, batch.values["number"], batch.values["dense"], function))


def test_realmlp_begins_with_unit_spread_and_bends_where_rows_are() -> None:
    net = RealMLP(specs("number", "category", "dense"), OUTPUT, width=256)
    batch = rows(2000)
    x = net.flat(batch) * net.scale
    z = nn.functional.linear(x, net.layers[0].linear.weight * net.layers[0].linear.gain)
    assert 0.6 < float(z.detach().std(0).median()) < 1.5
    bends = -net.layers[0].linear.bias
    inside = (bends > z.min(0).values) & (bends < z.max(0).values)
    assert inside.float().mean() > 0.95


def test_realmlp_asks_for_the_published_factors() -> None:
    factors = RealMLP(specs("number", "category", "dense"), OUTPUT, one_hot=3).factors()
    assert factors["scale"]["lr"] == 6.0
    assert {tuple(wish.values()) for name, wish in factors.items() if name.endswith("linear.bias")} == {(0.1, 0.0)}
    assert {tuple(wish.values()) for name, wish in factors.items() if name.endswith("slope")} == {(0.1, 1.0)}
    assert {tuple(wish.values()) for name, wish in factors.items() if ".numbers." in name} == {(0.1, 1.0)}
    assert factors["layers.0.linear.weight"] == {"lr": 1.0, "weight_decay": 1.0}
    assert factors["flat.embedding.weight"] == {"lr": 1.0, "weight_decay": 1.0}
