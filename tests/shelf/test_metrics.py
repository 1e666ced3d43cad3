"""Every metric equals scikit-learn (or an obvious reference), however its rows are ordered or weighted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from glia.core.values import Answer
from glia.metrics import metrics

N = 240


def _kumar(probability: np.ndarray, right: np.ndarray, weight: np.ndarray) -> float:
    """The slow obvious debiased calibration error, bin by bin."""
    cuts = np.unique(np.quantile(probability, np.arange(1, 15) / 15))
    place, total = np.searchsorted(cuts, probability, side="left"), 0.0
    for k in set(place.tolist()):
        p, y, w = probability[place == k], right[place == k], weight[place == k]
        looks = w.sum() ** 2 / (w**2).sum()
        share = np.average(y, weights=w)
        noise = share * (1 - share) / (looks - 1) if looks > 1 else 0.0
        total += w.sum() / weight.sum() * ((share - np.average(p, weights=w)) ** 2 - noise)
    return max(total, 0.0) ** 0.5


def _calibration(y: np.ndarray, a: Answer, w: np.ndarray) -> float:
    p = a.probability
    if y.ndim == 2:
        return float(np.mean([_kumar(p[:, t], y[:, t] == 1, w) for t in range(y.shape[1])]))
    return _kumar(p.max(1), p.argmax(1) == y, w)


def _average(y: np.ndarray) -> str:
    return "macro" if y.ndim == 2 or y.max() > 1 else "binary"


def _score(a: Answer, y: np.ndarray) -> np.ndarray:
    return a.probability[:, 1] if y.ndim == 1 and y.max() == 1 else a.probability


def _by_label(one: Callable[..., float], part: str) -> Callable[[np.ndarray, Answer, np.ndarray], float]:
    """A scikit-learn metric of classes, taken label by label where labels are independent."""

    def value(y: np.ndarray, a: Answer, w: np.ndarray) -> float:
        said = getattr(a, part) if part == "label" or y.ndim == 2 else _score(a, y)
        if y.ndim == 1:
            return one(y, said, sample_weight=w)
        return float(np.mean([one(y[:, t], said[:, t], sample_weight=w) for t in range(y.shape[1])]))

    return value


def _labels(one: Callable[..., float]) -> Callable[[np.ndarray, Answer, np.ndarray], float]:
    return lambda y, a, w: one(y, a.label, average=_average(y), sample_weight=w, zero_division=0)


def _points(one: Callable[..., float]) -> Callable[[np.ndarray, Answer, np.ndarray], float]:
    return lambda y, a, w: one(y, a.point, sample_weight=w)


REFERENCE: dict[str, Callable[[np.ndarray, Answer, np.ndarray], float]] = {
    "accuracy": _by_label(sk.accuracy_score, "label"),
    "balanced_accuracy": lambda y, a, w: sk.recall_score(y, a.label, average="macro", sample_weight=w),
    "precision": _labels(sk.precision_score),
    "recall": _labels(sk.recall_score),
    "f1": _labels(sk.f1_score),
    "roc_auc": lambda y, a, w: sk.roc_auc_score(y, _score(a, y), multi_class="ovr", sample_weight=w),
    "average_precision": lambda y, a, w: sk.average_precision_score(y, _score(a, y), sample_weight=w),
    "log_loss": _by_label(sk.log_loss, "probability"),
    "brier": _by_label(sk.brier_score_loss, "probability"),
    "calibration_error": _calibration,
    "mae": _points(sk.mean_absolute_error),
    "rmse": _points(sk.root_mean_squared_error),
    "r2": _points(sk.r2_score),
    "median_error": _points(sk.median_absolute_error),
}


def _case(kind: str, seed: int = 0) -> tuple[Answer, np.ndarray]:
    g = np.random.default_rng(seed)
    if kind == "regress":
        truth = g.normal(size=(N, 3)) * [1, 10, 100] + 1000
        return Answer(point=truth + g.normal(size=(N, 3)) * [0.5, 3, 80]), truth
    if kind == "multilabel":
        truth = (g.random((N, 3)) < [0.2, 0.5, 0.7]).astype(np.int64)
        # Rounding makes ties, which rankings must count right.
        p = np.round(1 / (1 + np.exp(-(2.0 * truth - 1 + g.normal(size=(N, 3))))), 2)
        return Answer(probability=p, label=(p >= 0.5).astype(np.int64)), truth
    width = {"binary": 2, "classes": 4}[kind]
    truth = g.integers(0, width, N)
    logits = np.eye(width)[truth] * 1.5 + g.normal(size=(N, width))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    if width == 2:
        p[:, 1] = np.round(p[:, 1], 2)
        p[:, 0] = 1 - p[:, 1]
    return Answer(probability=p, label=p.argmax(1)), truth


def _fitting(name: str) -> list[str]:
    point = metrics.get(name).needs == "point"
    return ["regress"] if point else ["binary", "classes", "multilabel"]


CASES = [(name, kind) for name in REFERENCE for kind in _fitting(name)]


def _value(name: str, answer: Answer, truth: np.ndarray, weight: Any = None, counts: Any = None) -> np.ndarray:
    metric = metrics.get(name)()
    return metric.value(metric.stats(answer, truth, weight), counts)


def test_the_shelf_holds_the_metrics_of_tables() -> None:
    assert set(metrics.names()) >= set(REFERENCE)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_metric_equals_its_reference(name: str, kind: str) -> None:
    answer, truth = _case(kind)
    assert _value(name, answer, truth) == pytest.approx([REFERENCE[name](truth, answer, np.ones(N))], rel=1e-9)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_weighted_metric_equals_its_reference(name: str, kind: str) -> None:
    answer, truth = _case(kind, 1)
    weight = np.random.default_rng(2).uniform(0.1, 3, N)
    wanted = REFERENCE[name](truth, answer, weight)
    # A weighted median lies between two rows; which point of the gap is taken differs.
    near = 2e-2 if name == "median_error" else 1e-9
    assert _value(name, answer, truth, weight) == pytest.approx([wanted], rel=near)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_order_of_rows_does_not_matter(name: str, kind: str) -> None:
    answer, truth = _case(kind)
    mixed = np.random.default_rng(3).permutation(N)
    shuffled = _value(name, answer.take(mixed), truth[mixed])
    assert shuffled == pytest.approx(_value(name, answer, truth), rel=1e-12)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_resample_is_worth_what_its_repeated_rows_are_worth(name: str, kind: str) -> None:
    answer, truth = _case(kind)
    rows = np.random.default_rng(4).integers(0, N, (3, N))
    counts = np.stack([np.bincount(r, minlength=N) for r in rows]).astype(np.float64)
    found = _value(name, answer, truth, counts=counts)
    if name == "calibration_error":  # bins belong to the sample, and repeated rows bring no second look
        assert found.shape == (3,)
        return
    assert found == pytest.approx([_value(name, answer.take(r), truth[r])[0] for r in rows], rel=1e-9)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_drawing_each_row_once_changes_nothing(name: str, kind: str) -> None:
    answer, truth = _case(kind)
    assert _value(name, answer, truth, counts=np.ones((2, N))) == pytest.approx(
        np.repeat(_value(name, answer, truth), 2), rel=1e-12
    )


@pytest.mark.parametrize("name", REFERENCE)
def test_a_perfect_answer_is_best(name: str) -> None:
    kind = _fitting(name)[0]
    answer, truth = _case(kind)
    perfect = Answer(point=truth) if kind == "regress" else Answer(probability=np.eye(2)[truth], label=truth)
    sign = 1 if metrics.get(name).higher else -1
    assert sign * _value(name, perfect, truth)[0] > sign * _value(name, answer, truth)[0]
    assert _value(name, perfect, truth)[0] == pytest.approx(1.0 if sign > 0 else 0.0, abs=1e-12)
