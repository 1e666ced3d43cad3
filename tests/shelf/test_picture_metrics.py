"""What every metric of pictures promises: resamples, weights, order, and that the perfect answer is best."""

from __future__ import annotations

import numpy as np
import pytest

from glia.core.values import Answer
from glia.metrics import metrics

N = 20
NAMES = ["top5_accuracy", "iou", "dice", "psnr", "ssim", "mean_average_precision", "mean_average_precision_50"]


def _case(name: str, seed: int = 0) -> tuple[Answer, np.ndarray, Answer]:
    """Return an answer, the truth, and the perfect answer."""
    g = np.random.default_rng(seed)
    needs = metrics.get(name).needs
    if needs == "mask":
        truth = g.integers(0, 3, (N, 6, 5)).astype(np.uint8)
        mask = np.where(g.random(truth.shape) < 0.6, truth, g.integers(0, 3, truth.shape)).astype(np.uint8)
        return Answer(mask=mask), truth, Answer(mask=truth)
    if needs == "point":
        truth = g.integers(0, 256, (N, 1, 9, 8)).astype(np.uint8)
        spread = g.uniform(5, 50, (N, 1, 1, 1))
        return Answer(point=truth + spread * g.normal(size=truth.shape)), truth, Answer(point=truth.astype(float))
    if needs == "probability":
        truth = g.integers(0, 9, N)
        return Answer(probability=g.random((N, 9))), truth, Answer(probability=np.eye(9)[truth])
    corner, code = g.uniform(0, 0.5, (N, 4, 2)), g.integers(0, 2, (N, 4, 1))
    truth = np.concatenate([code, corner, corner + 0.2], 2)
    truth[::3, 2:, 0] = -1
    score = g.permutation(N * 4).reshape(N, 4, 1) / 80
    shaken = truth.copy()
    shaken[..., 1:] += g.normal(0, 0.02, shaken[..., 1:].shape)
    said = [np.concatenate([a[:, :1], b, a[:, 1:]], 1)[a[:, 0] >= 0] for a, b in zip(shaken, score)]
    sure = [np.concatenate([a[:, :1], b, a[:, 1:]], 1)[a[:, 0] >= 0] for a, b in zip(truth, score)]
    return Answer(boxes=tuple(said)), truth, Answer(boxes=tuple(sure))


def _value(name: str, answer: Answer, truth: np.ndarray, weight=None, counts=None) -> np.ndarray:
    metric = metrics.get(name)()
    return metric.value(metric.stats(answer, truth, weight), counts)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_rows_does_not_matter(name: str) -> None:
    answer, truth, _ = _case(name)
    mixed = np.random.default_rng(3).permutation(N)
    assert _value(name, answer.take(mixed), truth[mixed]) == pytest.approx(_value(name, answer, truth), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_resample_is_worth_what_its_repeated_rows_are_worth(name: str) -> None:
    answer, truth, _ = _case(name)
    rows = np.random.default_rng(4).integers(0, N, (3, N))
    counts = np.stack([np.bincount(r, minlength=N) for r in rows]).astype(np.float64)
    found = _value(name, answer, truth, counts=counts)
    assert found.shape == (3,)
    assert found == pytest.approx([_value(name, answer.take(r), truth[r])[0] for r in rows], rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_of_two_is_a_row_that_is_there_twice(name: str) -> None:
    answer, truth, _ = _case(name)
    weight = np.random.default_rng(5).integers(0, 3, N)
    rows = np.repeat(np.arange(N), weight)
    wanted = _value(name, answer.take(rows), truth[rows])
    assert _value(name, answer, truth, weight=weight.astype(float)) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_perfect_answer_is_best(name: str) -> None:
    answer, truth, perfect = _case(name)
    best = _value(name, perfect, truth)[0]
    assert best > _value(name, answer, truth)[0]
    assert best == pytest.approx(100.0 if name == "psnr" else 1.0)


def test_nothing_said_and_nothing_there_are_no_crash() -> None:
    metric = metrics.get("mean_average_precision")()
    none = np.zeros((0, 6))
    nowhere = np.full((2, 1, 5), -1.0)
    assert np.isnan(metric.value(metric.stats(Answer(boxes=(none, none)), nowhere)))[0]
    there = np.array([[[0, 0, 0, 1, 1]], [[-1, 0, 0, 0, 0]]], float)
    assert metric.value(metric.stats(Answer(boxes=(none, none)), there)).tolist() == [0.0]
    lost = metric.value(metric.stats(Answer(boxes=(none, none)), there), np.array([[0.0, 2.0], [1.0, 1.0]]))
    assert np.isnan(lost[0])
    assert lost[1] == 0
    blank = np.zeros((2, 3, 3), np.uint8)
    assert _value("iou", Answer(mask=blank), blank).tolist() == [1.0]


def test_an_answer_without_what_is_needed_is_refused() -> None:
    for name in NAMES:
        _, truth, _ = _case(name)
        with pytest.raises(ValueError, match="the answer holds no"):
            metrics.get(name)().stats(Answer(label=np.zeros(N, int)), truth)
