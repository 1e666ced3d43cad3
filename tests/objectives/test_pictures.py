"""Segmentation, detection, reconstruction and anomalies: losses by hand, offers, and that networks learn them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from glia.core.constraints import check_options, describe_options
from glia.core.errors import UsageError
from glia.core.parts import Objective
from glia.core.values import Batch, Spec
from glia.nets import nets
from glia.objectives import objectives
from glia.objectives._boxes import assigned, overlap
from glia.objectives.anomaly import Anomaly
from glia.objectives.classify import Classify
from glia.objectives.cutmix import CutMix
from glia.objectives.detect import Detect
from glia.objectives.reconstruct import Reconstruct
from glia.objectives.segment import Segment

AXES = ("channel", "height", "width")
NAMES = ["segment", "detect", "reconstruct", "anomaly"]


def blobs(n: int, size: int = 32, seed: int = 0) -> Batch:
    """Return grey pictures with one bright (class 0) or dark (class 1) ellipse each, its mask and its box."""
    g = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] + 0.5
    pictures, masks, boxes = [], [], []
    for _ in range(n):
        radii, middle, kind = g.uniform(4, 8, 2), g.uniform(9, size - 9, 2), int(g.integers(2))
        inside = ((x - middle[0]) / radii[0]) ** 2 + ((y - middle[1]) / radii[1]) ** 2 <= 1
        picture = np.where(inside, 220 if kind == 0 else 30, 120) + g.normal(0, 8, (size, size))
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        corners = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / size
        pictures.append(picture.clip(0, 255)[None])
        masks.append(inside * (kind + 1))
        boxes.append([[kind, *corners], [-1, 0, 0, 0, 0]])
    values = {
        "image": torch.from_numpy(np.stack(pictures).astype(np.uint8)),
        "mask": torch.from_numpy(np.stack(masks).astype(np.uint8)),
        "boxes": torch.tensor(np.array(boxes), dtype=torch.float32),
    }
    return Batch(values, torch.ones(n), torch.arange(n))


def asking(task: str, rows: Batch) -> tuple[Objective, Batch, dict[str, Spec], dict[str, Spec]]:
    """Return the objective, the rows with what is asked for, and the specs given and asked."""
    size = tuple(rows.values["image"].shape[1:])
    given = {"image": Spec(AXES, size, "uint8", names=("photo",), center=(120.0,), spread=(50.0,))}
    asked: dict[str, Spec] = {}
    if task == "segment":
        rows = rows.having(target=rows.values["mask"])
        asked = {"target": Spec(("height", "width"), size[1:], "uint8", classes=(("ground", "bright", "dark"),))}
    if task == "detect":
        rows = rows.having(target=rows.values["boxes"])
        asked = {"target": Spec(("box", "field"), (2, 5), classes=(("bright", "dark"),))}
    return objectives.get(task)(), rows, given, asked


NETS = {
    "segment": ("unet", {"width": 6, "levels": 2}),
    "detect": ("detector", {"width": 8, "levels": 2}),
    "reconstruct": ("autoencoder", {"width": 6, "code": 6}),
    "anomaly": ("autoencoder", {"width": 6, "code": 6}),
}


def trained(objective: Objective, net: Any, rows: Batch, steps: int, lr: float = 5e-3) -> list[float]:
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    draw, losses = torch.Generator().manual_seed(0), []
    net.train()
    for _ in range(steps):
        loss = objective.loss("main", {"net": net}, rows, draw).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    return losses


def fixed(answer: Tensor) -> dict[str, Callable[..., Tensor]]:
    return {"net": lambda batch: answer}


@pytest.mark.parametrize("task", NAMES)
def test_a_small_network_learns_the_task_and_the_same_way_each_time(task: str) -> None:
    losses = []
    for _ in range(2):
        torch.manual_seed(5)
        objective, rows, given, asked = asking(task, blobs(8))
        role = objective.roles(given, asked)["net"]
        name, options = NETS[task]
        net = nets.get(name)(role.inputs, role.output, **options)
        losses.append(trained(objective, net, rows, 25))
        with torch.no_grad():
            for offer in objective.offers().values():
                out = offer.call({"net": net}, rows)
                assert len(out) == 8
                assert out.isfinite().all()
    assert losses[0] == losses[1]
    assert losses[0][-1] < 0.8 * losses[0][0]


@pytest.mark.parametrize("task", NAMES)
def test_the_loss_of_a_row_does_not_depend_on_its_neighbors(task: str) -> None:
    objective, rows, given, asked = asking(task, blobs(6))
    role = objective.roles(given, asked)["net"]
    name, options = NETS[task]
    net = nets.get(name)(role.inputs, role.output, **options).eval()
    if task == "anomaly":
        objective.noise, objective.turn = 0.0, False  # drawn for the batch at once
    whole = objective.loss("main", {"net": net}, rows, torch.Generator().manual_seed(0))
    assert whole.value.shape == whole.weight.shape == (6,)
    for i in range(6):
        alone = objective.loss("main", {"net": net}, rows.take(slice(i, i + 1)), torch.Generator().manual_seed(0))
        torch.testing.assert_close(alone.value[0], whole.value[i], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("task", [*NAMES, "cutmix"])
def test_every_option_is_annotated_and_can_be_typed(task: str) -> None:
    for option, (_, default) in describe_options(objectives.get(task)).items():
        assert check_options(objectives.get(task), {option: str(default)}, "objective") == {option: default}


@pytest.mark.parametrize("task", NAMES)
def test_the_shelves_hold_the_metrics_and_the_readout_of_the_task(task: str) -> None:
    from glia.judge.readouts import readouts
    from glia.metrics import metrics

    objective = objectives.get(task)
    assert set(objective.metrics) <= set(metrics.names())
    assert objective.readout in readouts.names()
    assert objective.watch == "loss" or objective.watch in metrics.names()


# Segmentation


def test_pixels_nobody_judges_change_nothing() -> None:
    logits, target = torch.randn(2, 3, 4, 4), torch.randint(0, 3, (2, 4, 4), dtype=torch.uint8)
    target[:, :2] = 255
    batch = Batch({"target": target}, torch.ones(2), torch.arange(2))
    loss = Segment().loss("main", fixed(logits), batch, torch.Generator())
    other = logits.clone()
    other[:, :, :2] = torch.randn(2, 3, 2, 4)
    assert torch.equal(loss.value, Segment().loss("main", fixed(other), batch, torch.Generator()).value)
    cropped = Batch({"target": target[:, 2:]}, torch.ones(2), torch.arange(2))
    alone = Segment().loss("main", fixed(logits[:, :, 2:]), cropped, torch.Generator())
    torch.testing.assert_close(alone.value, loss.value)
    target[0] = 255
    assert Segment().loss("main", fixed(logits), batch, torch.Generator()).weight.tolist() == [0, 1]


def test_the_segment_loss_equals_its_formula() -> None:
    logits, target = torch.randn(1, 2, 3, 3), torch.randint(0, 2, (1, 3, 3))
    batch = Batch({"target": target}, torch.ones(1), torch.arange(1))
    p = logits.softmax(1)[0]
    entropy = -sum(float(p[target[0, y, x], y, x].log()) for y in range(3) for x in range(3)) / 9
    dices = []
    for k in range(2):
        true = (target[0] == k).float()
        dices.append((2 * (p[k] * true).sum() + 1) / (p[k].sum() + true.sum() + 1))
    wanted = entropy + 1 - float(sum(dices)) / 2
    found = Segment().loss("main", fixed(logits), batch, torch.Generator())
    assert float(found.mean()) == pytest.approx(wanted, rel=1e-5)
    assert float(found.parts["cross_entropy"][0]) == pytest.approx(entropy, rel=1e-5)


# Detection


def test_overlaps_of_boxes_apart_tell_how_far() -> None:
    one = torch.tensor([0.0, 0.0, 1.0, 1.0])
    near, far = torch.tensor([2.0, 0.0, 3.0, 1.0]), torch.tensor([9.0, 0.0, 10.0, 1.0])
    assert overlap(one, one)[1] == 1
    assert overlap(one, near)[0] == overlap(one, far)[0] == 0
    assert 0 > float(overlap(one, near)[1]) > float(overlap(one, far)[1]) >= -1
    assert float(overlap(one, near)[1]) == pytest.approx(-1 / 3)


def _places(side: int) -> Tensor:
    steps = (torch.arange(side) + 0.5) / side
    return torch.stack(torch.meshgrid(steps, steps, indexing="xy"), -1).view(1, -1, 2)


def test_places_inside_an_object_answer_for_it_and_padding_gets_none() -> None:
    places = _places(8)
    boxes = torch.cat([places - 0.2, places + 0.2], -1)
    objects = torch.tensor([[[1, 0.0, 0.0, 0.4, 0.4], [-1, 0, 0, 1, 1], [0, 0.6, 0.6, 1.0, 1.0]]])
    whose, quality = assigned(boxes, places, torch.full((1, 64, 2), 0.1), objects)
    taken = quality[0] > 0
    assert int(taken.sum()) == 2 * 9  # three by three places lie inside each
    assert set(whose[0][taken].tolist()) == {0, 2}
    for at in taken.nonzero()[:, 0].tolist():
        corners = objects[0, whose[0, at], 1:]
        assert (places[0, at] > corners[:2]).all()
        assert (places[0, at] < corners[2:]).all()
    best = quality[0].argmax()
    assert float(quality[0, best]) == pytest.approx(float(overlap(boxes[0], objects[0, whose[0, best], 1:])[0].max()))


def test_an_object_too_small_to_hold_a_place_is_answered_for_by_those_around_its_middle() -> None:
    places = _places(8)
    boxes = torch.cat([places - 0.1, places + 0.1], -1)
    objects = torch.tensor([[[0, 0.55, 0.55, 0.57, 0.57]]])
    _, quality = assigned(boxes, places, torch.full((1, 64, 1), 0.1), objects)
    around = ((places[0] - 0.56).abs() < 1.5 / 8).all(1)
    assert torch.equal(quality[0] > 0, around)
    assert int(around.sum()) == 9
    assert int(quality.argmax()) in around.nonzero()
    coarse = torch.cat([places, _places(2)], 1)  # cells of the finest map count
    _, both = assigned(coarse.repeat(1, 1, 2), coarse, torch.full((1, 68, 1), 0.1), objects)
    assert int((both > 0).sum()) == 9


def test_boxes_of_small_objects_count_as_much_as_those_of_large_ones() -> None:
    places = _places(8)
    said = torch.cat([places - 0.1, places + 0.1, places, torch.zeros(1, 64, 1)], -1)
    target = torch.tensor([[[0, 0.0, 0.0, 0.5, 1.0], [0, 0.80, 0.80, 0.83, 0.83]]])

    def boxes(objects: Tensor) -> float:
        batch = Batch({"target": objects}, torch.ones(1), torch.arange(1))
        return float(Detect().loss("main", fixed(said), batch, torch.Generator()).parts["boxes"])

    both, large, small = boxes(target), boxes(target[:, :1]), boxes(target[:, 1:])
    assert abs(both - (large + small) / 2) < 0.02


def test_a_crowd_of_one_class_leaves_room_for_another() -> None:
    said = torch.zeros(1, 400, 8)
    said[..., :4] = torch.rand(1, 400, 4)
    said[..., 6], said[..., 7] = 5.0, -5.0
    out = Detect().offers()["predict"].call(fixed(said), Batch({}, torch.ones(1), torch.arange(1)))
    assert [int((out[0, :, 0] == code).sum()) for code in (0, 1)] == [200, 200]
    assert (out[0, :, 1].diff() <= 0).all()


def test_a_picture_without_objects_teaches_that_there_are_none() -> None:
    said = torch.randn(1, 5, 8, requires_grad=True)
    for target in (torch.zeros(1, 0, 5), torch.full((1, 3, 5), -1.0)):
        batch = Batch({"target": target}, torch.ones(1), torch.arange(1))
        loss = Detect().loss("main", fixed(said), batch, torch.Generator())
        assert float(loss.parts["boxes"][0]) == 0
        (grad,) = torch.autograd.grad(loss.mean(), said, allow_unused=True)
        assert (grad[..., 6:] > 0).all(), "every score is pushed down"
        assert grad[..., :6].abs().max() == 0


def test_boxes_offered_are_the_best_first_and_padded() -> None:
    said = torch.zeros(2, 3, 8)
    said[..., :4] = torch.rand(2, 3, 4)
    said[..., 6:] = torch.randn(2, 3, 2)
    out = Detect().offers()["predict"].call(fixed(said), Batch({}, torch.ones(2), torch.arange(2)))
    assert out.shape == (2, 400, 6)
    assert (out[:, :6, 1].diff(dim=1) <= 0).all()
    assert (out[:, 6:, 0] == -1).all()
    assert out[0, 0, 1] == said[0, :, 6:].sigmoid().max()


# Reconstruction


def test_what_is_given_back_is_compared_on_the_scale_of_full_brightness() -> None:
    objective, rows, given, _ = asking("reconstruct", blobs(3))
    objective.roles(given, {})
    logits = torch.logit(rows.values["image"].flatten(1).float().div(255).clamp(0.01, 0.99))
    assert float(objective.loss("main", fixed(logits), rows, torch.Generator()).mean()) < 1e-4
    back = objective.offers()["predict"].call(fixed(logits), rows)
    assert back.shape == rows.values["image"].shape
    assert (back - rows.values["image"].float()).abs().max() < 3


def test_noise_is_put_on_what_is_shown_and_not_on_what_is_asked() -> None:
    objective, rows, given, _ = asking("reconstruct", blobs(3))
    objective.noise = 0.5
    objective.roles(given, {})
    shown: list[Tensor] = []

    def net(batch: Batch) -> Tensor:
        shown.append(batch.values["image"])
        return torch.zeros(3, 1024)

    loss = objective.loss("main", {"net": net}, rows, torch.Generator().manual_seed(0))
    assert (shown[0] - rows.values["image"]).abs().mean() > 20
    torch.testing.assert_close(loss.value, (rows.values["image"].flatten(1) / 255 - 0.5).square().mean(1))


def test_a_picture_asked_for_is_the_goal() -> None:
    objective, rows, given, _ = asking("reconstruct", blobs(2))
    clean = torch.full_like(rows.values["image"], 255)
    role = objective.roles(given, {"target": given["image"]})["net"]
    assert role.output.size == (1, 32, 32)
    loss = objective.loss("main", fixed(torch.zeros(2, 1024)), rows.having(target=clean), torch.Generator())
    torch.testing.assert_close(loss.value, torch.full((2,), 0.25))


def test_a_variational_network_learns_draws_and_embeds() -> None:
    _, rows, given, _ = asking("reconstruct", blobs(8))
    objective = Reconstruct(variational=True)
    role = objective.roles(given, {})["net"]
    assert role.net == "vae"
    net = nets.get("vae")(role.inputs, role.output, width=4, code=3)
    losses = trained(objective, net, rows, 25)
    assert losses[-1] < losses[0]
    offers = objective.offers()
    one, two = (offers["sample"].call({"net": net}, rows.take(slice(0, 4))) for _ in range(2))
    assert one.shape == (4, 1, 32, 32)
    assert torch.equal(one, two)
    assert not torch.equal(one[0], one[1])
    alone = offers["sample"].call({"net": net}, rows.take(slice(1, 2)))
    torch.testing.assert_close(alone, one[1:2], rtol=1e-4, atol=1e-3)
    assert offers["embed"].call({"net": net}, rows).shape == (8, 3)


def test_the_divergence_equals_its_formula() -> None:
    _, rows, given, _ = asking("reconstruct", blobs(2))
    objective = Reconstruct(variational=True)
    objective.roles(given, {})
    mean, spread = torch.randn(2, 3), torch.randn(2, 3)
    answer = torch.cat([torch.zeros(2, 1024), mean, spread], 1)
    found = objective.loss("main", fixed(answer), rows, torch.Generator()).parts["divergence"]
    normal = torch.distributions.Normal
    wanted = torch.distributions.kl_divergence(normal(mean, (0.5 * spread).exp()), normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(found, wanted)


def test_rows_of_a_table_are_given_back_as_their_features() -> None:
    given = {
        "number": Spec(("feature",), (2,), names=("a", "b")),
        "category": Spec(("feature",), (1,), "int64", classes=(("x", "y", "z"),)),
    }
    objective = Anomaly(noise=0.0)
    role = objective.roles(given, {})["net"]
    assert role.output == Spec(("feature",), (5,))
    net = nets.get("autoencoder")(role.inputs, role.output, code=2, width=2)
    number = torch.randn(40, 1) * torch.tensor([[1.0, -2.0]])
    rows = Batch({"number": number, "category": torch.ones(40, 1).long()}, torch.ones(40), torch.arange(40))
    trained(objective, net, rows, 200, 1e-2)
    odd = rows.take(slice(0, 1)).having(number=torch.tensor([[2.0, 4.0]]))
    net.requires_grad_(False)
    score = objective.offers()["predict"].call
    assert float(score({"net": net}, odd)) > 5 * float(score({"net": net}, rows).mean())


def test_rows_known_to_be_anomalous_teach_nothing() -> None:
    _, rows, given, _ = asking("anomaly", blobs(3))
    objective = Anomaly()
    objective.roles(given, {})
    labeled = rows.having(target=torch.tensor([[0], [1], [0]]))
    assert objective.loss("main", fixed(torch.zeros(3, 1024)), labeled, torch.Generator()).weight.tolist() == [1, 0, 1]


# CutMix


def test_cutmix_asks_for_both_answers_by_their_areas() -> None:
    picture = torch.zeros(2, 1, 16, 16, dtype=torch.uint8)
    picture[1] = 255
    batch = Batch({"image": picture, "target": torch.tensor([[0], [1]])}, torch.ones(2), torch.arange(2))
    seen: list[Tensor] = []

    def net(rows: Batch) -> Tensor:
        seen.append(rows.values["image"])
        return torch.tensor([[4.0, 0.0], [4.0, 0.0]])

    for seed in range(6):
        loss = CutMix(Classify(), p=1.0).loss("main", {"net": net}, batch, torch.Generator().manual_seed(seed))
        foreign = (seen[-1] != picture).float().mean((1, 2, 3))
        of_class_1 = (seen[-1] == 255).float().mean((1, 2, 3))
        wanted = -(1 - of_class_1) * torch.tensor([4.0, 0.0]).log_softmax(0)[0]
        wanted = wanted - of_class_1 * torch.tensor([4.0, 0.0]).log_softmax(0)[1]
        torch.testing.assert_close(loss.value, wanted)
        assert foreign[0] == foreign[1]
    assert len(seen) == 6, "the network is run once a batch"


def test_cutmix_pastes_masks_along_and_refuses_boxes() -> None:
    objective, rows, given, asked = asking("segment", blobs(6))
    wrapped = CutMix(objective, p=1.0)
    role = wrapped.roles(given, asked)["net"]
    net = nets.get("unet")(role.inputs, role.output, width=4, levels=2)
    seen: list[Batch] = []

    class Spy(Segment):
        def loss(self, turn: str, nets: Any, batch: Batch, generator: torch.Generator) -> Any:
            seen.append(batch)
            return super().loss(turn, nets, batch, generator)

    CutMix(Spy(), p=1.0).loss("main", {"net": net}, rows, torch.Generator().manual_seed(1))
    bright = seen[0].values["image"][:, 0] > 170
    assert torch.equal(bright, seen[0].values["target"] == 1)
    with pytest.raises(UsageError, match="cut the boxes"):
        CutMix(Detect()).roles(*asking("detect", rows)[2:])


def test_cutmix_leaves_some_batches_alone_and_draws_the_same_either_way() -> None:
    objective, rows, _, _ = asking("segment", blobs(4))
    inner = fixed(torch.randn(4, 3, 32, 32))
    plain = objective.loss("main", inner, rows, torch.Generator())
    draws = [torch.Generator().manual_seed(0) for _ in range(2)]
    assert torch.equal(CutMix(objective, p=0.0).loss("main", inner, rows, draws[0]).value, plain.value)
    CutMix(objective, p=1.0).loss("main", inner, rows, draws[1])
    assert torch.equal(torch.rand(3, generator=draws[0]), torch.rand(3, generator=draws[1]))


def test_strange_pictures_are_those_that_are_not_put_upright() -> None:
    _, rows, given, _ = asking("anomaly", blobs(4))
    objective = Anomaly(noise=0.0)
    objective.roles(given, {})
    shown: list[Tensor] = []

    def copies(batch: Batch) -> Tensor:
        shown.append(batch.values["image"])
        return torch.logit(batch.values["image"].flatten(1).float().div(255).clamp(0.01, 0.99))

    parts = objective.offers()["predict"].call({"net": copies}, rows)
    assert parts.shape == (4, 2), "two errors, and no code behind such a network"
    for way, pictures in enumerate(shown):
        assert torch.equal(pictures, torch.rot90(rows.values["image"], way, (2, 3)))
    symmetric = rows.having(image=torch.full_like(rows.values["image"], 128))
    assert (parts > objective.offers()["predict"].call({"net": copies}, symmetric)).all(), "copying does not help"
    upright = Anomaly(noise=0.0, turn=False)
    upright.roles(given, {})
    assert (parts > upright.offers()["predict"].call({"net": copies}, rows)).all()


def test_pictures_are_shown_turned_and_asked_for_upright() -> None:
    _, rows, given, _ = asking("anomaly", blobs(64))
    objective = Anomaly(noise=0.0)
    objective.roles(given, {})
    shown = objective.noisy(rows, torch.Generator().manual_seed(0)).values["image"]
    pictures = rows.values["image"]
    every = torch.stack([torch.rot90(pictures, way, (2, 3)) for way in range(4)])
    ways = (every == shown).flatten(2).all(2)
    assert ways.any(0).all()
    assert (ways.sum(1) > 8).all(), "all four ways are drawn"
    assert torch.equal(objective.goal(rows), pictures.flatten(1) / 255)
    objective.size = (1, 32, 24)
    assert objective.turns_shown == (0, 2), "a picture that is not square cannot lie"


def test_likeness_is_that_of_the_metric_but_for_its_window() -> None:
    from glia.core.values import Answer
    from glia.metrics import metrics
    from glia.objectives import _likeness

    one, other = torch.rand(3, 2, 16, 16), torch.rand(3, 2, 16, 16)
    other = 0.5 * one + 0.5 * other
    ours = _likeness.likeness(one, other)
    theirs = metrics.get("ssim")().rows(Answer(point=255 * one.double().numpy()), 255 * other.double().numpy())[:, 0]
    assert np.abs(ours.numpy() - theirs).max() < 0.06
