"""What every network for tables promises, whatever its insides."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.constraints import check_options, describe_options
from glia.core.errors import UsageError
from glia.core.net import Net
from glia.core.values import Batch, Spec
from glia.nets import nets

# Networks of pictures, texts and series have contracts of their own beside this one.
NAMES = [name for name in nets.names() if nets.get(name).takes <= {"number", "category", "dense"}]
# Small enough to be quick; everything else is left at its default.
SMALL: dict[str, dict[str, Any]] = {
    "perceptron": {},
    "linear": {},
    "mlp": {"width": 32, "depth": 2},
    "resnet_mlp": {"width": 24, "depth": 2},
    "realmlp": {"width": 32, "depth": 2},
    "tabm": {"width": 24, "depth": 2, "members": 4},
    "ft_transformer": {"width": 16, "depth": 2, "heads": 2},
}
GROUPS = [list(some) for size in (1, 2, 3) for some in itertools.combinations(("number", "category", "dense"), size)]
EVERY = ["number", "category", "dense"]


def specs(groups: list[str]) -> dict[str, Spec]:
    edges = ((-2.0, -1.0, 0.0, 1.0, 2.0), (0.0, 1.0), ())
    classes = (("(missing)", "(unknown)", "a", "b"), ("(missing)", "(unknown)", *(str(i) for i in range(70))))
    every = {
        "number": Spec(("feature",), (3,), names=("age", "fare", "size"), edges=edges),
        "category": Spec(("feature",), (2,), "int64", names=("sex", "town"), classes=classes),
        "dense": Spec(("feature",), (2,), names=("age is missing", "fare is missing")),
    }
    return {name: every[name] for name in groups}


def rows(n: int, seed: int = 0) -> Batch:
    draw = torch.Generator().manual_seed(seed)
    category = torch.stack([torch.randint(size, (n,), generator=draw) for size in (4, 72)], 1)
    values = {
        "number": torch.randn(n, 3, generator=draw),
        "category": category,
        "dense": torch.rand(n, 2, generator=draw),
    }
    return Batch(values, torch.ones(n), torch.arange(n))


def made(name: str, groups: list[str] = EVERY, width: int = 3, axis: str = "class", **options: Any) -> Net:
    torch.manual_seed(1)
    return nets.get(name)(specs(groups), Spec((axis,), (width,)), **{**SMALL.get(name, {}), **options})


def test_the_shelf_holds_the_networks_that_are_documented() -> None:
    assert set(SMALL) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("groups", GROUPS, ids="+".join)
def test_answers_have_the_width_asked_for_with_any_groups(name: str, groups: list[str]) -> None:
    net = made(name, groups)
    for mode in (True, False):
        answer = net.train(mode)(rows(5))
        assert answer.shape[0] == 5
        assert answer.shape[-1] == 3
        assert answer.dim() in (2, 3)
        assert answer.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("axis", ["class", "target"])
def test_one_two_and_more_outputs_are_answered(name: str, width: int, axis: str) -> None:
    assert made(name, width=width, axis=axis).eval()(rows(4)).shape[-1] == width


@pytest.mark.parametrize("name", NAMES)
def test_forward_is_head_after_features(name: str) -> None:
    net = made(name).eval()
    assert torch.equal(net(rows(4)), net.head(net.features(rows(4))))


@pytest.mark.parametrize("name", NAMES)
def test_a_group_of_no_width_is_as_if_it_were_not_there(name: str) -> None:
    empty = Spec(("feature",), (0,))
    torch.manual_seed(1)
    inputs = {**specs(["number"]), "dense": empty, "category": Spec(("feature",), (0,), "int64", classes=())}
    with_empty = nets.get(name)(inputs, Spec(("class",), (3,)), **SMALL[name]).eval()
    without = made(name, ["number"]).eval()
    batch = rows(4)
    batch.values["dense"], batch.values["category"] = torch.zeros(4, 0), torch.zeros(4, 0, dtype=torch.int64)
    assert torch.equal(with_empty(batch), without(rows(4)))


@pytest.mark.parametrize("name", NAMES)
def test_one_row_can_be_trained_on_and_answered(name: str) -> None:
    net = made(name).train()
    net(rows(1)).sum().backward()
    assert net(rows(1)).isfinite().all()
    assert net.eval()(rows(1)).shape[0] == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_of_a_row_does_not_depend_on_its_neighbors(name: str) -> None:
    net = made(name).eval()
    batch = rows(9)
    alone = torch.cat([net(batch.take(slice(i, i + 1))) for i in range(9)])
    torch.testing.assert_close(net(batch), alone, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(net(batch)[0], net(batch)[1]) or name == "linear"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("groups", GROUPS, ids="+".join)
def test_gradient_reaches_every_parameter(name: str, groups: list[str]) -> None:
    net = made(name, groups).train()
    with torch.no_grad():  # weights that start at zero on purpose would hide what comes before them
        for parameter in net.parameters():
            parameter += 0.01 * torch.randn_like(parameter)
    answer = net(rows(64))
    (answer * torch.randn_like(answer)).sum().backward()
    for parameter_name, parameter in net.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_weights(name: str) -> None:
    one, two = made(name).state_dict(), made(name).state_dict()
    assert list(one) == list(two)
    assert all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize("name", NAMES)
def test_a_state_can_be_given_to_a_new_network(name: str) -> None:
    net = made(name)
    net.train()(rows(16))  # running statistics move
    state = copy.deepcopy(net.state_dict())
    torch.manual_seed(99)
    other = nets.get(name)(specs(EVERY), Spec(("class",), (3,)), **SMALL[name])
    other.load_state_dict(state)
    assert torch.equal(net.eval()(rows(5)), other.eval()(rows(5)))


@pytest.mark.parametrize("name", NAMES)
def test_state_names_hold_neither_wrappers_nor_what_the_specs_know(name: str) -> None:
    for key in made(name).state_dict():
        assert key.replace(".", "").replace("_", "").isalnum()
        assert not key.startswith(("_orig_mod", "module."))
        assert "offsets" not in key
        assert "slope" not in key or name == "realmlp"  # there, how far a neuron is an activation at all


@pytest.mark.parametrize("name", NAMES)
def test_eight_rows_can_be_learned_by_heart(name: str) -> None:
    net = made(name, width=2).train()
    if name in ("linear", "perceptron"):
        target = (rows(8).values["number"][:, 0] > 0).long()  # what a line can separate
    else:
        target = torch.tensor([0, 1, 1, 0, 1, 0, 0, 1])
    for module in net.modules():  # learning by heart is what dropout is against
        if hasattr(module, "rate"):
            module.rate = 0.0
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if hasattr(module, "dropout") and isinstance(module.dropout, float):
            module.dropout = 0.0
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1 if name in ("linear", "perceptron") else 0.01)
    for _ in range(150):
        answer = net(rows(8))
        answer_BMK = answer.unsqueeze(1) if answer.dim() == 2 else answer
        members = answer_BMK.shape[1]
        loss = F.cross_entropy(answer_BMK.flatten(0, 1), target.repeat_interleave(members))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


class Plain(nn.Module):
    """A network that takes plain tensors, as an exported file does."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, number: Tensor, category: Tensor, dense: Tensor) -> Tensor:
        n = number.shape[0]
        values = {"number": number, "category": category, "dense": dense}
        return self.net(Batch(values, number.new_ones(n), torch.zeros(n, dtype=torch.int64)))


@pytest.mark.parametrize("name", NAMES)
def test_a_network_can_be_exported_for_any_number_of_rows(name: str) -> None:
    net = made(name).eval()
    rows_dim = torch.export.Dim("rows", min=1, max=4096)
    shapes = {group: {0: rows_dim} for group in EVERY}
    exported = torch.export.export(Plain(net), tuple(rows(4).values.values()), dynamic_shapes=shapes)
    for n in (2, 7):
        batch = rows(n, seed=n)
        torch.testing.assert_close(exported.module()(*batch.values.values()), net(batch), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_bf16_autocast_trains_and_stays_near_fp32(name: str) -> None:
    net = made(name).eval()
    with torch.autocast("cpu", torch.bfloat16):
        half = net(rows(16)).float()
        half.sum().backward()
    full = net(rows(16))
    assert (half - full).abs().max() <= 0.05 * (1 + full.abs().max())
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_factors_name_parameters_that_exist_and_known_knobs(name: str) -> None:
    net = made(name)
    factors = net.factors()
    assert set(factors) <= {key for key, _ in net.named_parameters()}
    assert all(set(wish) <= {"lr", "weight_decay"} for wish in factors.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_keyword_only_annotated_and_has_a_default(name: str) -> None:
    for option, (annotation, default) in describe_options(nets.get(name)).items():
        assert annotation is not Any, option
        checked = check_options(nets.get(name), {option: default}, "net")
        assert checked == {option: default}


@pytest.mark.parametrize("name", [name for name in NAMES if "width" in describe_options(nets.get(name))])
def test_options_out_of_range_are_refused_with_all_their_names(name: str) -> None:
    with pytest.raises(UsageError, match=r"net\.width must be .*at least 1.*net\.dropout must be"):
        check_options(nets.get(name), {"width": 0, "dropout": 2}, "net")
    with pytest.raises(UsageError, match="did you mean 'width'"):
        check_options(nets.get(name), {"widht": 3}, "net")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "ft_transformer"])
def test_a_table_without_any_feature_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="at least one feature"):
        made(name, [])
