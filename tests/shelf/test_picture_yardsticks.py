"""Yardsticks of pictures answer their question, better than nothing, the same way each time."""

from __future__ import annotations

import numpy as np
import pytest

from glia.core.values import Answer, Spec
from glia.judge.yardsticks import measure, yardsticks
from glia.judge.yardsticks._pictures import edges, shrunk
from glia.metrics import metrics

AXES = ("channel", "height", "width")
NAMES = [name for name in yardsticks.names() if "image" in yardsticks.get(name).reads and name != "constant"]
CASES = [(name, task) for name in NAMES for task in sorted(yardsticks.get(name).objectives)]
METRIC = {
    "classify": "accuracy",
    "multilabel": "accuracy",
    "regress": "r2",
    "segment": "iou",
    "detect": "mean_average_precision_50",
    "anomaly": "roc_auc",
    "reconstruct": "psnr",
}
LEAST = {
    "classify": 0.9,
    "multilabel": 0.8,
    "regress": 0.3,
    "segment": 0.6,
    "detect": 0.05,
    "anomaly": 0.8,
    "reconstruct": 20.0,
}


def _pictures(task: str, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures with a bright bar, lying (0) or standing (1), and the answer."""
    g = np.random.default_rng(seed)
    kind = g.integers(0, 2, n)
    if task == "anomaly":
        kind = np.zeros(n, int)
        kind[: n // 2] = seed
    pictures = g.normal(60, 10, (n, 3, 24, 24))
    mask, boxes = np.zeros((n, 24, 24), np.uint8), np.zeros((n, 2, 5))
    for i, standing in enumerate(kind):
        place = int(g.integers(6, 12))
        top, left, height, width = (4, place, 16, 5) if standing else (place, 4, 5, 16)
        pictures[i, :, top : top + height, left : left + width] += 120 + 10 * standing
        mask[i, top : top + height, left : left + width] = 1
        boxes[i, 0] = [standing, *(np.array([left, top, left + width, top + height]) / 24)]
        boxes[i, 1, 0] = -1
    pictures = pictures.clip(0, 255).astype(np.uint8)
    target = {
        "classify": kind[:, None],
        "multilabel": np.column_stack([kind, 1 - kind]),
        "regress": (kind + 0.1 * g.normal(size=n))[:, None],
        "segment": mask,
        "detect": boxes,
        "anomaly": kind,
        "reconstruct": pictures,
    }[task]
    return pictures, target


def _fitted(name: str, task: str, **options):
    pictures, target = _pictures(task, 120)
    yard = yardsticks.get(name)(task, {"image": Spec(AXES, (3, 24, 24), "uint8")}, 2, **options)
    yard.fit({"image": pictures}, np.zeros(120) if task == "reconstruct" else target)
    return yard


def _value(task: str, answer: Answer, truth: np.ndarray) -> float:
    metric = metrics.get(METRIC[task])()
    truth = truth[:, 0] if task == "classify" else truth
    return float(metric.value(metric.stats(answer, truth))[0])


def test_the_shelf_holds_the_yardsticks_of_pictures() -> None:
    assert {"pixels", "nearest", "pca_error", "color_threshold", "mean_box"} <= set(NAMES)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_yardstick_knows_more_than_nothing(name: str, task: str) -> None:
    pictures, truth = _pictures(task, 80, seed=1)
    answer = _fitted(name, task).answer({"image": pictures})
    assert len(answer) == 80
    assert _value(task, answer, truth) > LEAST[task]
    if answer.probability is not None and task != "multilabel":
        assert answer.probability.sum(1) == pytest.approx(1)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_the_same_seed_gives_the_same_answer(name: str, task: str) -> None:
    pictures, _ = _pictures(task, 20, seed=2)
    one, other = (_fitted(name, task, seed=3).answer({"image": pictures}) for _ in range(2))
    for part in ("probability", "point", "mask", "score"):
        if getattr(one, part) is not None:
            assert np.array_equal(getattr(one, part), getattr(other, part))
    for a, b in zip(one.boxes or (), other.boxes or ()):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("name", NAMES)
def test_a_yardstick_says_what_it_is_and_how_to_get_it(name: str) -> None:
    yard = _fitted(name, sorted(yardsticks.get(name).objectives)[0])
    assert yard.title
    assert yard.how()


@pytest.mark.parametrize("task", ["classify", "segment", "detect"])
def test_those_that_fit_are_measured_and_no_others(task: str) -> None:
    inputs, targets = {}, {}
    for part, n in (("train", 120), ("valid", 30), ("test", 30)):
        pictures, target = _pictures(task, n, seed=n)
        inputs[part], targets[part] = {"image": pictures}, target
    specs = {"image": Spec(AXES, (3, 24, 24), "uint8")}
    found = measure(inputs, targets, specs, task, seconds=20.0)
    fitting = {name for name in NAMES if task in yardsticks.get(name).objectives}
    assert fitting <= set(found)
    assert all(len(yard.test) == 30 for yard in found.values())


def test_a_row_of_weight_zero_is_as_if_it_were_not_there() -> None:
    pictures, target = _pictures("classify", 60)
    weight = np.repeat([0.0, 1.0], 30)
    for name in ("pixels", "nearest"):
        weighed, without = (yardsticks.get(name)("classify", {}, 2) for _ in range(2))
        weighed.fit({"image": pictures}, target, weight)
        without.fit({"image": pictures[30:]}, target[30:])
        one, other = (yard.answer({"image": pictures}).probability for yard in (weighed, without))
        assert np.abs(one - other).max() < 0.1


def test_no_more_pictures_are_searched_than_time_allows() -> None:
    pictures, target = _pictures("classify", 1500)
    yard = yardsticks.get("nearest")("classify", {}, 2)
    yard.fit({"image": pictures}, target, seconds=1e-6)
    assert yard.note == "640 of 1500 pictures searched, for want of time"
    assert len(yard.answer({"image": pictures[:5]})) == 5


def test_edges_know_directions_and_no_brightness() -> None:
    g = np.random.default_rng(0)
    picture = g.random((1, 1, 16, 16))
    assert edges(picture * 3 + 5) == pytest.approx(edges(picture), abs=0.1)
    lying, standing = np.zeros((2, 1, 1, 16, 16))
    lying[:, :, 8:], standing[:, :, :, 8:] = 1, 1
    assert float((edges(lying) * edges(standing)).sum()) < 0.05


def test_large_pictures_are_averaged_in_blocks() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (1, 1, 64, 96)).astype(np.uint8)
    small = shrunk(picture)
    assert small.shape == (1, 1, 21, 32)
    assert small[0, 0, 0, 0] == pytest.approx(picture[0, 0, :3, :3].mean() / 255)


def test_rows_known_to_be_anomalous_are_not_learned_from() -> None:
    pictures, _ = _pictures("anomaly", 100)
    odd, _ = _pictures("anomaly", 40, seed=1)
    yard = yardsticks.get("pca_error")("anomaly", {}, 2)
    yard.fit({"image": np.concatenate([pictures, odd[:20]])}, np.repeat([0, 1], [100, 20]))
    alone = yardsticks.get("pca_error")("anomaly", {}, 2)
    alone.fit({"image": pictures}, np.zeros(100))
    assert np.array_equal(yard.answer({"image": odd}).score, alone.answer({"image": odd}).score)


def test_components_of_hardly_any_rows_are_fitted_without_a_warning() -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        target = np.array([[0], [1]] * 2)
        yardsticks.get("pca_error")("anomaly", {}).fit({"number": target.astype(np.float32)}, target, seconds=0.0)
        yardsticks.get("pca_error")("anomaly", {}).fit({"number": np.ones((20, 3), np.float32)}, np.zeros(20))
