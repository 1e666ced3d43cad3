"""From the groups of a batch to features: flat inputs, categories, numbers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from glia.core.errors import UsageError
from glia.core.values import Batch, Spec
from glia.nets.blocks.categories import CategoryEmbedding, OneHot, embedding_width
from glia.nets.blocks.decay import undecayed
from glia.nets.blocks.ensemble import BatchEnsembleLinear
from glia.nets.blocks.inputs import Flat, flat_names, flat_width, rows_like
from glia.nets.blocks.numbers import Linear, Periodic, PiecewiseLinear, number_embedding

CLASSES = (("(missing)", "(unknown)", "f", "m"), ("x", "y"))
INPUTS = {
    "number": Spec(("feature",), (2,), names=("age", "fare"), edges=((-1.0, 0.0, 4.0), ())),
    "category": Spec(("feature",), (2,), "int64", names=("sex", "side"), classes=CLASSES),
    "dense": Spec(("feature",), (1,), names=("fare is missing",)),
}


def batch(n: int = 6) -> Batch:
    codes = torch.stack([torch.randint(4, (n,)), torch.randint(2, (n,))], 1)
    values = {"number": torch.randn(n, 2), "category": codes, "dense": torch.rand(n, 1)}
    return Batch(values, torch.ones(n), torch.arange(n))


def test_flat_features_are_numbers_then_one_hot_then_dense() -> None:
    rows = batch()
    codes = rows.values["category"]
    sex = nn.functional.one_hot(codes[:, 0], 4)[:, [0, 2, 3]].float()  # the unknown is all zeros
    side = nn.functional.one_hot(codes[:, 1], 2).float()
    expected = torch.cat([rows.values["number"], sex, side, rows.values["dense"]], 1)
    assert torch.equal(Flat(INPUTS)(rows), expected)
    assert flat_width(INPUTS) == expected.shape[1] == 8


def test_flat_names_say_what_each_flat_feature_is() -> None:
    assert flat_names(INPUTS) == (
        "age", "fare", "sex = (missing)", "sex = f", "sex = m", "side = x", "side = y", "fare is missing",
    )  # fmt: skip
    unnamed = {"number": Spec(("feature",), (2,))}
    assert flat_names(unnamed) == ("number 0", "number 1")


def test_flat_inputs_learn_nothing_and_store_nothing_by_themselves() -> None:
    assert list(Flat(INPUTS).parameters()) == []
    assert Flat(INPUTS).state_dict() == {}


def test_only_categories_with_many_codes_are_embedded() -> None:
    flat = Flat(INPUTS, one_hot=3, embedding=5)
    assert flat.chunks == [1, 1, 2, 5, 1]  # numbers, side one-hot, sex embedded, dense
    rows = batch()
    assert flat.embedding is not None
    x = flat(rows)
    assert torch.equal(x[:, 4:9], flat.embedding.weight[rows.values["category"][:, 0]])
    assert Flat(INPUTS, one_hot=0, embedding=5).chunks == [1, 1, 5, 5, 1]


def test_nothing_to_read_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one feature"):
        Flat({"number": Spec(("feature",), (0,))})


def test_rows_like_the_specs_keep_to_quantiles_and_codes() -> None:
    rows = rows_like(INPUTS, 500)
    age = rows.values["number"][:, 0]
    assert age.min() >= -1
    assert age.max() <= 4
    assert float((age < 0).float().mean()) == pytest.approx(0.5, abs=0.08)  # a bin holds as many rows as the next
    assert rows.values["category"].max(0).values.tolist() == [3, 1]
    assert rows.values["dense"].shape == (500, 1)
    assert Flat(INPUTS)(rows).isfinite().all()


def test_one_table_of_categories_is_a_table_for_each() -> None:
    layer = CategoryEmbedding(CLASSES, 3)
    codes = torch.tensor([[2, 1], [3, 0]])
    assert torch.equal(layer(codes)[:, 0], layer.weight[:4][codes[:, 0]])
    assert torch.equal(layer(codes)[:, 1], layer.weight[4:][codes[:, 1]])


def test_the_unknown_says_nothing() -> None:
    assert OneHot(CLASSES)(torch.tensor([[1, 0]])).tolist() == [[0.0, 0.0, 0.0, 1.0, 0.0]]
    assert float(CategoryEmbedding(CLASSES, 3)(torch.tensor([[1, 0]]))[0, 0].detach().abs().sum()) == 0.0


def test_embeddings_grow_with_the_number_of_codes() -> None:
    widths = [embedding_width([range(n)]) for n in (2, 10, 100, 1000, 10**6)]
    assert widths == sorted(widths)
    assert widths[-1] == 64


@pytest.mark.parametrize("edges", [((),), ((0.5,),), ((), ())])
def test_without_knots_an_embedding_is_a_line(edges: tuple[tuple[float, ...], ...]) -> None:
    layer = PiecewiseLinear(edges, 4)
    x = torch.randn(5, len(edges))
    assert layer.pieces is None
    assert torch.equal(layer(x), layer.line(x))


def test_a_feature_without_knots_keeps_its_line_beside_one_with_knots() -> None:
    layer = PiecewiseLinear(((0.0, 1.0, 2.0), ()), 4)
    with torch.no_grad():
        layer.pieces += torch.randn_like(layer.pieces)
    x = torch.randn(5, 2)
    assert torch.equal(layer(x)[:, 1], layer.line(x)[:, 1])
    assert not torch.allclose(layer(x)[:, 0], layer.line(x)[:, 0])


def test_pieces_bend_at_the_knots_and_rest_one_length_beyond() -> None:
    layer = PiecewiseLinear(((0.0, 1.0, 1.5),), 1)
    with torch.no_grad():
        layer.line.weight.zero_()
        layer.line.bias.zero_()
        layer.pieces.copy_(torch.tensor([[[1.0], [10.0]]]))
    x = torch.tensor([[-5.0], [-1.0], [0.0], [0.5], [1.0], [1.25], [1.5], [2.0], [9.0]])
    expected = [-1.0, -1.0, 0.0, 0.5, 1.0, 6.0, 11.0, 21.0, 21.0]
    torch.testing.assert_close(layer(x).flatten().detach(), torch.tensor(expected))


def test_number_embeddings_are_found_by_name_and_absent_without_numbers() -> None:
    spec = INPUTS["number"]
    assert isinstance(number_embedding("piecewise_linear", spec, 4), PiecewiseLinear)
    assert isinstance(number_embedding("periodic", spec, 4), Periodic)
    assert number_embedding("none", spec, 4) is None
    assert number_embedding("periodic", None, 4) is None
    assert number_embedding("periodic", Spec(("feature",), (0,)), 4) is None


def test_biases_lines_and_frequencies_are_left_undecayed_whatever_their_shape() -> None:
    net = nn.Sequential(BatchEnsembleLinear(2, 3, members=4), Linear(2, 3), Periodic(2, 3))
    assert set(undecayed(net)) == {"0.bias", "1.weight", "1.bias", "2.frequency", "2.bias"}


def test_scales_stay_in_the_precision_of_the_product() -> None:
    layer = BatchEnsembleLinear(4, 3, members=2)
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(torch.rand(5, 4)).dtype == torch.bfloat16
    assert layer(torch.rand(5, 4)).dtype == torch.float32
