"""What every network for pictures promises, whatever its insides and whatever it is asked for."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from glia.core.constraints import check_options, describe_options
from glia.core.errors import UsageError
from glia.core.net import Net
from glia.core.values import Batch, Spec
from glia.nets import nets

# Small enough to be quick; everything else is left at its default.
SMALL: dict[str, dict[str, Any]] = {
    "lenet": {},
    "cnn": {"width": 4},
    "resnet": {"depth": 20, "width": 4},
    "convnext": {"width": 8, "depth": 1},
    "vit": {"width": 16, "depth": 2, "heads": 2, "registers": 2},
    "sprint": {"width": 4},
    "unet": {"width": 4, "levels": 2},
    "detector": {"width": 4, "levels": 2},
    "autoencoder": {"code": 4, "width": 4},
    "vae": {"code": 4, "width": 4},
}
# Networks that read texts or sounds as well have a contract of their own.
NAMES = [name for name in nets.names() if "image" in nets.get(name).takes and "token" not in nets.get(name).takes]
PLAIN = ["lenet", "cnn", "resnet", "convnext", "vit", "sprint"]
SIZES = [(1, 28, 28), (3, 32, 32), (3, 37, 23), (1, 8, 8), (2, 8, 19)]


def picture(size: tuple[int, int, int]) -> Spec:
    axes = ("channel", "height", "width")
    return Spec(axes, size, "uint8", names=("photo",), center=(100.0,) * size[0], spread=(60.0,) * size[0])


def beside() -> dict[str, Spec]:
    return {
        "number": Spec(("feature",), (2,), names=("age", "fare")),
        "category": Spec(("feature",), (1,), "int64", classes=(("(missing)", "(unknown)", "a"),)),
    }


def asked(name: str, size: tuple[int, int, int], width: int = 3, axis: str = "class") -> Spec:
    """Return the answer that this kind of network gives."""
    if name == "unet":
        return Spec(("class", "height", "width"), (width, *size[1:]))
    if name == "detector":
        return Spec(("box", "class"), (None, width))
    if name in ("autoencoder", "vae"):
        return Spec(("channel", "height", "width"), size)
    return Spec((axis,), (width,))


def rows(n: int, size: tuple[int, int, int] = (3, 32, 32), seed: int = 0) -> Batch:
    draw = torch.Generator().manual_seed(seed)
    values = {
        "image": torch.randint(0, 256, (n, *size), generator=draw, dtype=torch.uint8),
        "number": torch.randn(n, 2, generator=draw),
        "category": torch.randint(0, 3, (n, 1), generator=draw),
    }
    return Batch(values, torch.ones(n), torch.arange(n))


def made(
    name: str, size: tuple[int, int, int] = (3, 32, 32), width: int = 3, table: bool = False, **options: Any
) -> Net:
    torch.manual_seed(1)
    inputs = {"image": picture(size), **(beside() if table else {})}
    return nets.get(name)(inputs, asked(name, size, width), **{**SMALL[name], **options})


def test_the_shelf_holds_the_networks_that_are_documented() -> None:
    assert set(SMALL) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_pictures_of_every_size_are_answered_with_the_width_asked_for(name: str, size: tuple[int, int, int]) -> None:
    net, batch = made(name, size), rows(3, size)
    for mode in (True, False):
        answer = net.train(mode)(batch)
        assert answer.shape[0] == 3
        assert answer.isfinite().all()
        if name in PLAIN:
            assert answer.shape == (3, 3)
        elif name == "unet":
            assert answer.shape == (3, 3, *size[1:])
        elif name == "detector":
            assert answer.shape[2] == 6 + 3
        else:
            assert answer.shape[1] > size[0] * size[1] * size[2]


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("axis", ["class", "target"])
def test_one_two_and_more_outputs_are_answered(name: str, width: int, axis: str) -> None:
    net = nets.get(name)({"image": picture((3, 32, 32))}, Spec((axis,), (width,)), **SMALL[name])
    assert net.eval()(rows(2)).shape == (2, width)


@pytest.mark.parametrize("name", NAMES)
def test_forward_is_head_after_features(name: str) -> None:
    net = made(name).eval()
    assert torch.equal(net(rows(2)), net.head(net.features(rows(2))))


@pytest.mark.parametrize("name", PLAIN)
def test_the_columns_beside_a_picture_change_its_answer(name: str) -> None:
    net, batch = made(name, table=True).eval(), rows(2)
    other = batch.having(number=batch.values["number"] + 1, category=(batch.values["category"] + 1) % 3)
    with torch.no_grad():
        for parameter in net.parameters():  # a last layer that starts at zero would hide it
            parameter += 0.01 * torch.randn_like(parameter)
    assert (net(batch) - net(other)).abs().amax(1).min() > 0


@pytest.mark.parametrize("name", NAMES)
def test_bytes_and_the_same_values_as_floats_get_the_same_answer(name: str) -> None:
    net, batch = made(name).eval(), rows(2)
    assert torch.equal(net(batch), net(batch.having(image=batch.values["image"].float())))


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_to_a_picture_does_not_depend_on_its_neighbors(name: str) -> None:
    net, batch = made(name).train(), rows(5)
    net(batch)  # running statistics move
    net.eval()
    alone = torch.cat([net(batch.take(slice(i, i + 1))) for i in range(5)])
    torch.testing.assert_close(net(batch), alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 8, 8), (3, 32, 32)], ids=str)
def test_one_picture_can_be_trained_on_and_answered(name: str, size: tuple[int, int, int]) -> None:
    net, batch = made(name, size).train(), rows(1, size)
    net(batch).square().mean().backward()
    assert net(batch).isfinite().all()
    assert net.eval()(batch).shape[0] == 1


@pytest.mark.parametrize("name", NAMES)
def test_gradient_reaches_every_parameter(name: str) -> None:
    net = made(name, table=name in PLAIN).train()
    with torch.no_grad():  # weights that start at zero on purpose would hide what comes before them
        for parameter in net.parameters():
            parameter += 0.01 * torch.randn_like(parameter)
    answer = net(rows(16))
    (answer * torch.randn_like(answer)).sum().backward()
    for parameter_name, parameter in net.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, parameter_name
            assert parameter.grad.abs().sum() > 0, parameter_name


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_weights(name: str) -> None:
    one, two = made(name).state_dict(), made(name).state_dict()
    assert list(one) == list(two)
    assert all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize("name", NAMES)
def test_a_state_can_be_given_to_a_new_network(name: str) -> None:
    net, batch = made(name), rows(6)
    net.prime(batch)
    net.train()(batch)  # running statistics move
    state = copy.deepcopy(net.state_dict())
    torch.manual_seed(99)
    other = nets.get(name)({"image": picture((3, 32, 32))}, asked(name, (3, 32, 32)), **SMALL[name])
    other.load_state_dict(state)
    assert torch.equal(net.eval()(batch), other.eval()(batch))


@pytest.mark.parametrize("name", NAMES)
def test_state_names_hold_neither_wrappers_nor_what_the_specs_know(name: str) -> None:
    for key in made(name, table=name in PLAIN).state_dict():
        assert key.replace(".", "").replace("_", "").isalnum()
        assert not key.startswith(("_orig_mod", "module."))
        assert key.rpartition(".")[2] not in ("factor", "shift", "offsets", "points", "sides")


@pytest.mark.parametrize("name", NAMES)
def test_a_few_pictures_can_be_learned_by_heart(name: str) -> None:
    net, batch = made(name).train(), rows(4)
    with torch.no_grad():
        shape = net(batch).shape
    goal = torch.rand(shape, generator=torch.Generator().manual_seed(3))
    for module in net.modules():  # learning by heart is what these are against
        if hasattr(module, "rate"):
            module.rate = 0.0
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    losses = []
    for _ in range(30):
        loss = (net(batch) - goal).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


class Plain(nn.Module):
    """A network that takes a plain tensor, as an exported file does."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> Tensor:
        n = image.shape[0]
        return self.net(Batch({"image": image}, torch.ones(n), torch.zeros(n, dtype=torch.int64)))


@pytest.mark.parametrize("name", NAMES)
def test_a_network_can_be_exported_for_any_number_of_pictures(name: str) -> None:
    net = made(name).eval()
    dim = torch.export.Dim("rows", min=1, max=4096)
    exported = torch.export.export(Plain(net), (rows(4).values["image"],), dynamic_shapes={"image": {0: dim}})
    for n in (2, 3):
        batch = rows(n, seed=n)
        torch.testing.assert_close(exported.module()(batch.values["image"]), net(batch), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_bf16_autocast_trains_and_stays_near_fp32(name: str) -> None:
    net = made(name).eval()
    with torch.autocast("cpu", torch.bfloat16):
        half = net(rows(4)).float()
        half.sum().backward()
    full = net(rows(4))
    assert (half - full).abs().max() <= 0.06 * (1 + full.abs().max())
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())


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
        assert check_options(nets.get(name), {option: default}, "net") == {option: default}
        if default is not None and not isinstance(default, bool):  # a command line knows only text
            assert check_options(nets.get(name), {option: str(default)}, "net") == {option: default}


@pytest.mark.parametrize("name", NAMES)
def test_a_table_without_pictures_is_refused_or_read(name: str) -> None:
    if name in ("autoencoder", "vae"):  # these give back rows of a table as well
        net = nets.get(name)(beside(), Spec(("feature",), (4,)), **SMALL[name]).eval()
        assert net(rows(2)).shape[0] == 2
        return
    with pytest.raises(UsageError, match="reads pictures, and no column gives any"):
        nets.get(name)(beside(), asked(name, (1, 8, 8)))


@pytest.mark.parametrize("name", NAMES)
def test_pictures_that_are_too_small_are_refused_with_the_remedy(name: str) -> None:
    with pytest.raises(UsageError, match="too small") as caught:
        made(name, (1, 7, 40))
    assert "8 x 8" in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_of_another_kind_is_refused(name: str) -> None:
    wrong = Spec(("class",), (3,)) if name not in PLAIN else Spec(("class", "height", "width"), (2, 32, 32))
    with pytest.raises(UsageError) as caught:
        nets.get(name)({"image": picture((3, 32, 32))}, wrong)
    assert caught.value.code == "net_unfit"
