"""Every augment: bytes stay bytes, masks and boxes follow, chance comes from the generator alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from glia.augments import augments
from glia.core.constraints import check_options, describe_options
from glia.core.errors import UsageError
from glia.core.parts import Augment
from glia.core.values import Batch

NAMES = augments.names()
MOVES = ["flip", "shift", "crop", "rotate", "scale"]
MIXED = ["rand_augment", "trivial_augment"]
STRONG: dict[str, dict[str, Any]] = {
    "flip": {"p": 1.0, "vertical": True},
    "shift": {"pixels": 5},
    "crop": {"least": 0.4},
    "rotate": {"degrees": 40.0},
    "scale": {"most": 1.6},
    "rand_augment": {"count": 3, "strength": 0.6},
}


def draw(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def made(name: str, **options: Any) -> Augment:
    return augments.get(name)(**{**STRONG.get(name, {}), **options})


def blobs(n: int, size: int = 48, channels: int = 3, seed: int = 0) -> Batch:
    """Return pictures of a bright ellipse on black, with its box as target."""
    g = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] + 0.5
    pictures, boxes = [], []
    for _ in range(n):
        radii, middle = g.uniform(5, 9, 2), g.uniform(14, size - 14, 2)
        inside = ((x - middle[0]) / radii[0]) ** 2 + ((y - middle[1]) / radii[1]) ** 2 <= 1
        pictures.append(np.repeat(inside[None], channels, 0) * 200)
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        boxes.append([[0, columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], [-size, 0, 0, 0, 0]])
    image = torch.from_numpy(np.stack(pictures).astype(np.uint8))
    target = torch.tensor(np.array(boxes), dtype=torch.float32) / size
    return Batch({"image": image, "target": target}, torch.ones(n), torch.arange(n))


def seen_box(picture: Tensor) -> tuple[float, float, float, float] | None:
    """Return the box around what is bright, in shares."""
    bright = picture[0].float() > 100
    if not bright.any():
        return None
    rows, columns = bright.any(1).nonzero()[:, 0], bright.any(0).nonzero()[:, 0]
    size = picture.shape[-1]
    return tuple(float(v) / size for v in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))


def test_the_shelf_holds_the_augments_that_are_documented() -> None:
    assert {*MOVES, *MIXED, "color", "cutout"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_keep_kind_size_and_range(name: str, channels: int) -> None:
    image = torch.randint(0, 256, (6, channels, 17, 12), dtype=torch.uint8, generator=draw())
    batch = Batch({"image": image, "target": torch.zeros(6, 1, dtype=torch.int64)}, torch.ones(6), torch.arange(6))
    for given_kind in (batch, batch.having(image=image.float())):
        found = made(name)(given_kind, draw(), 0)
        assert found.values["image"].shape == image.shape
        assert found.values["image"].dtype == given_kind.values["image"].dtype
        assert found.values["image"].float().amin() >= 0
        assert found.values["image"].float().amax() <= 255
        assert torch.equal(found.values["target"], batch.values["target"])
        assert torch.equal(found.row, batch.row)
    assert torch.equal(batch.values["image"], image), "what was given must stay as it was"


@pytest.mark.parametrize("name", NAMES)
def test_chance_comes_from_the_generator_alone(name: str) -> None:
    batch = blobs(8)
    one, two = made(name)(batch, draw(3), 0), made(name)(batch, draw(3), 0)
    torch.manual_seed(77)
    assert torch.equal(one.values["image"], two.values["image"])
    assert torch.equal(one.values["target"], two.values["target"])
    others = [made(name)(batch, draw(seed), 0).values["image"] for seed in range(4, 8)]
    assert any(not torch.equal(one.values["image"], other) for other in others) or name == "flip"
    assert not torch.equal(one.values["image"], batch.values["image"])


@pytest.mark.parametrize("name", [*MOVES, *MIXED])
@given(seed=st.integers(0, 10_000))
def test_a_mask_moves_with_its_picture(name: str, seed: int) -> None:
    batch = blobs(4, seed=seed)
    mask = (batch.values["image"][:, 0] > 100).to(torch.uint8)
    fill = {"fill": "black"} if "fill" in describe_options(augments.get(name)) else {}
    moved = made(name, **fill)(batch.having(target=mask), draw(seed), 0)
    found = moved.values["target"]
    assert found.dtype == mask.dtype
    assert found.shape == mask.shape
    assert set(found.unique().tolist()) <= {0, 1}
    if name in MOVES:  # what is bright is what the mask says, but for the half-bright pixels of the edge
        bright = moved.values["image"][:, 0] > 100
        wrong = (bright != found.bool()).float().mean((1, 2))
        assert wrong.max() < 0.02


@pytest.mark.parametrize("name", MOVES)
@given(seed=st.integers(0, 10_000))
def test_a_box_moves_with_its_object(name: str, seed: int) -> None:
    batch = blobs(4, seed=seed)
    fill = {"fill": "black"} if "fill" in describe_options(augments.get(name)) else {}
    moved = made(name, **fill)(batch, draw(seed), 0)
    assert moved.values["target"].shape == batch.values["target"].shape
    for picture, boxes in zip(moved.values["image"], moved.values["target"], strict=True):
        assert boxes[1, 0] < 0, "padding stays padding"
        seen = seen_box(picture)
        if boxes[0, 0] < 0:  # dropped: little may be left to see
            continue
        assert seen is not None
        assert boxes[0, 0] == 0
        assert all(0 <= float(v) <= 1 for v in boxes[0, 1:])
        cut = min(seen[:2]) == 0 or max(seen[2:]) == 1
        reach = 3.5 if cut else 2.1  # pixels; an ellipse cut by the edge fills its box less
        assert all(abs(float(v) - w) * 48 <= reach for v, w in zip(boxes[0, 1:], seen, strict=True))


@pytest.mark.parametrize("name", MOVES)
def test_a_picture_asked_for_moves_with_the_one_shown(name: str) -> None:
    batch = blobs(6)
    moved = made(name)(batch.having(target=batch.values["image"]), draw(), 0)
    assert torch.equal(moved.values["image"], moved.values["target"])


@pytest.mark.parametrize("name", ["color", "cutout"])
def test_changes_that_move_nothing_leave_masks_and_boxes(name: str) -> None:
    batch = blobs(4)
    assert torch.equal(made(name)(batch, draw(), 0).values["target"], batch.values["target"])


def test_an_alternating_flip_shows_each_picture_both_ways_in_any_two_epochs() -> None:
    image = torch.randint(0, 256, (64, 1, 8, 8), dtype=torch.uint8, generator=draw())
    batch = Batch({"image": image}, torch.ones(64), torch.arange(64))
    flip = made("flip", alternate=True, vertical=False)
    epochs = [flip(batch, draw(epoch), epoch).values["image"] for epoch in range(3)]
    mirrored = [(epoch == batch.values["image"].flip(3)).flatten(1).all(1) for epoch in epochs]
    assert torch.equal(mirrored[0], ~mirrored[1])
    assert torch.equal(mirrored[0], mirrored[2])
    assert 16 < int(mirrored[0].sum()) < 48
    part = batch.take(slice(10, 20))
    assert torch.equal(flip(part, draw(9), 0).values["image"], epochs[0][10:20]), "a row's turn is its own"


def test_flipping_twice_gives_the_picture_back() -> None:
    batch = blobs(5)
    back = made("flip")(made("flip")(batch, draw(), 0), draw(), 0)
    assert torch.equal(back.values["image"], batch.values["image"])
    torch.testing.assert_close(back.values["target"], batch.values["target"])


@pytest.mark.parametrize(("fill", "wanted"), [("edge", [0, 0, 1]), ("black", [9, 0, 1]), ("mirror", [1, 0, 1])])
def test_a_shift_fills_what_comes_in_from_outside(fill: str, wanted: list[int]) -> None:
    row = torch.arange(16, dtype=torch.uint8).expand(1, 1, 16, 16)
    for seed in range(30):
        batch = Batch({"image": row}, torch.ones(1), torch.arange(1))
        found = augments.get("shift")(pixels=1, fill=fill)(batch, draw(seed), 0).values["image"][0, 0, 8]
        if found[1] == 0 and found[2] == 1:  # shifted to the right by one
            assert found[0] == (0 if fill == "black" else wanted[0])
            return
    raise AssertionError("no shift to the right was drawn")


def test_every_shift_within_reach_occurs_and_none_beyond() -> None:
    image = torch.zeros(400, 1, 16, 16, dtype=torch.uint8)
    image[:, 0, 8, 8] = 255
    moved = augments.get("shift")(pixels=2)(Batch({"image": image}, torch.ones(400), torch.arange(400)), draw(), 0)
    places = {tuple(place.tolist()) for place in (moved.values["image"][:, 0] == 255).nonzero()[:, 1:] - 8}
    assert places == {(a, b) for a in range(-2, 3) for b in range(-2, 3)}


def test_a_turn_by_a_right_angle_is_exact() -> None:
    from glia.augments._moves import affine, moved

    image = torch.randint(0, 256, (1, 1, 9, 9), dtype=torch.uint8)
    batch = Batch({"image": image}, torch.ones(1), torch.arange(1))
    turned = moved(batch, affine(1, angle=torch.tensor([torch.pi / 2])), "black").values["image"]
    assert torch.equal(turned, image.rot90(-1, (2, 3))), "clockwise, as seen"


def test_a_box_of_which_too_little_is_left_is_dropped() -> None:
    from glia.augments._moves import clipped

    boxes = torch.tensor([[[2.0, -0.4, 0.0, 0.1, 0.5], [1.0, -0.1, 0.0, 0.3, 0.5]]])
    found = clipped(boxes)
    assert found[0, 0].tolist() == [-1, 0, 0, 0, 0]
    torch.testing.assert_close(found[0, 1], torch.tensor([1.0, 0.0, 0.0, 0.3, 0.5]))


def test_a_hole_is_as_large_as_asked_and_of_the_mean_color() -> None:
    image = torch.zeros(50, 1, 20, 20, dtype=torch.uint8)
    image[:, :, :10] = 100
    holes = augments.get("cutout")(size=0.5)(Batch({"image": image}, torch.ones(50), torch.arange(50)), draw(), 0)
    sizes = (holes.values["image"] == 50).flatten(1).sum(1)
    assert int(sizes.max()) == 100
    assert int(sizes.min()) >= 25  # a corner: a quarter of the square


def test_equalizing_uses_every_level_about_equally() -> None:
    from glia.augments._colors import equalize

    dark = (torch.rand(1, 1, 64, 64) ** 4 * 255).round()
    flat = equalize(dark, torch.zeros(1))
    assert flat.min() == 0
    assert flat.max() == 255
    assert abs(float((flat > 128).float().mean()) - 0.5) < 0.1
    grey = torch.full((1, 1, 8, 8), 7.0)
    assert torch.equal(equalize(grey, torch.zeros(1)), grey)


def test_a_crop_whose_ends_are_swapped_is_refused() -> None:
    with pytest.raises(UsageError, match=r"crop\.least 0\.9 is above"):
        augments.get("crop")(least=0.9, most=0.5)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_annotated_and_can_be_typed(name: str) -> None:
    for option, (_, default) in describe_options(augments.get(name)).items():
        assert check_options(augments.get(name), {option: str(default)}, "augment") == {option: default}
