"""Conformal intervals are exact in finite samples; temperature and threshold help or keep still."""

from __future__ import annotations

import json
from fractions import Fraction
from math import inf

import numpy as np
import pytest

from glia.core.parts import Readout
from glia.judge.calibration import radius
from glia.judge.readouts import calibrate, readouts, restored


def _logits(n: int, width: int, g: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities that are exactly right, and codes drawn from them."""
    z = 2 * g.normal(size=(n, width))
    logp = z - np.log(np.exp(z).sum(1, keepdims=True))
    return logp, (np.exp(logp).cumsum(1) > g.random((n, 1))).argmax(1)


def _loss(calibration: Readout, outputs: np.ndarray, truth: np.ndarray) -> float:
    return float(-np.log(calibration.answer(outputs).probability[np.arange(len(truth)), truth]).mean())


@pytest.mark.parametrize("level", ["0.5", "0.55", "0.8", "0.9", "0.95", "0.99"])
def test_the_conformal_rank_is_exact_for_every_number_of_rows(level: str) -> None:
    for n in range(1, 1001):
        rank = radius(np.random.default_rng(n).permutation(np.arange(1.0, n + 1)), float(level))
        # Of n + 1 exchangeable residuals the new one is at most the rank-th with probability rank / (n + 1).
        holds = Fraction(1) if rank == inf else Fraction(int(rank), n + 1)
        assert Fraction(level) <= holds
        assert holds < Fraction(level) + Fraction(1, n + 1) or rank == inf
        assert (rank == inf) == (Fraction(n, n + 1) < Fraction(level))


@pytest.mark.parametrize(("n", "level"), [(1, 0.5), (9, 0.9), (10, 0.9), (50, 0.8), (99, 0.99), (333, 0.95)])
def test_prediction_intervals_hold_a_new_value_as_often_as_promised(n: int, level: float) -> None:
    g, runs = np.random.default_rng(n), 3000
    held = np.empty(runs)
    for run in range(runs):
        outputs = g.normal(size=(n + 1, 1))
        truth = outputs + g.standard_t(3, size=(n + 1, 1))
        answer = calibrate("regress", outputs[:n], truth[:n], level=level).answer(outputs[n:])
        held[run] = (answer.low <= truth[n:]).all() and (truth[n:] <= answer.high).all()
    noise = 3 * (level * (1 - level) / runs) ** 0.5
    assert level - noise <= held.mean() <= level + 1 / (n + 1) + noise


@pytest.mark.parametrize(("n", "level"), [(8, 0.9), (1, 0.6), (98, 0.99), (0, 0.9)])
def test_too_few_rows_promise_nothing_but_an_infinite_interval(n: int, level: float) -> None:
    calibration = calibrate("regress", np.zeros((n, 2)), np.zeros((n, 2)), level=level)
    assert calibration.radius == (inf, inf)
    assert calibration.answer(np.zeros((1, 2))).low.tolist() == [[-inf, -inf]]


def test_each_target_gets_its_own_radius() -> None:
    gaps = np.arange(1.0, 20)[:, None] * [1, 10]
    assert calibrate("regress", np.zeros((19, 2)), gaps, level=0.9).radius == (18.0, 180.0)


@pytest.mark.parametrize("width", [2, 5])
def test_the_temperature_undoes_overconfidence(width: int) -> None:
    outputs, truth = _logits(5000, width, np.random.default_rng(0))
    found = calibrate("classify", 2.5 * outputs, truth)
    assert found.temperature == pytest.approx(2.5, rel=0.08)
    assert calibrate("classify", 0.5 * outputs, truth).temperature == pytest.approx(0.5, rel=0.08)


def test_the_temperature_never_changes_the_most_probable_class() -> None:
    g = np.random.default_rng(1)
    outputs, truth = _logits(400, 4, g)
    found = calibrate("classify", 3 * outputs, truth)
    assert found.temperature != 1.0
    answer = found.answer(3 * outputs)
    assert (answer.label == outputs.argmax(1)).all()
    assert (answer.probability.argmax(1) == answer.label).all()


def test_the_temperature_of_right_probabilities_is_left_alone_nearly_always() -> None:
    g = np.random.default_rng(2)
    found = [calibrate("classify", *_logits(200, 3, g)) for _ in range(100)]
    assert np.mean([one.temperature != 1.0 for one in found]) <= 0.12


@pytest.mark.parametrize("sharpness", [0.7, 1.0, 1.2, 2.0])
def test_the_temperature_does_not_worsen_the_log_loss_of_unseen_rows(sharpness: float) -> None:
    g, changes = np.random.default_rng(3), []
    unseen, answers = _logits(20_000, 3, g)
    for _ in range(60):
        outputs, truth = _logits(300, 3, g)
        found = calibrate("classify", sharpness * outputs, truth)
        still = readouts.get("classify")()
        assert _loss(found, sharpness * outputs, truth) <= _loss(still, sharpness * outputs, truth) + 1e-12
        changes.append(_loss(found, sharpness * unseen, answers) - _loss(still, sharpness * unseen, answers))
    assert np.mean(changes) < 0.001


def test_independent_labels_share_one_temperature() -> None:
    g = np.random.default_rng(4)
    logits = g.normal(size=(3000, 3)) * 2
    truth = (g.random((3000, 3)) < 1 / (1 + np.exp(-logits))).astype(int)
    found = calibrate("multilabel", 2 * logits, truth)
    assert found.temperature == pytest.approx(2, rel=0.1)
    assert (found.answer(2 * logits).label == (logits >= 0)).all()


def test_a_threshold_is_set_only_when_asked_for() -> None:
    outputs, truth = _logits(500, 2, np.random.default_rng(5))
    assert calibrate("classify", outputs, truth, metric="accuracy").threshold is None
    assert calibrate("classify", outputs, truth, metric="roc_auc").threshold is None
    assert calibrate("classify", outputs, truth, metric="f1").threshold is not None
    assert calibrate("classify", outputs, truth, imbalanced=True).threshold is not None
    assert calibrate("classify", outputs, np.zeros(500, int), imbalanced=True).threshold is None


@pytest.mark.parametrize("metric", ["f1", "balanced_accuracy"])
def test_the_threshold_is_the_best_of_all_on_the_calibration_slice(metric: str) -> None:
    from sklearn import metrics as sk

    g = np.random.default_rng(6)
    outputs, _ = _logits(300, 2, g)
    truth = (g.random(300) < 0.3 * np.exp(outputs[:, 1])).astype(int)
    found = calibrate("classify", outputs, truth, metric=metric)
    value = {"f1": sk.f1_score, "balanced_accuracy": sk.balanced_accuracy_score}[metric]
    score = found.answer(outputs).probability[:, 1]
    assert found.threshold is not None
    best = max(value(truth, score >= cut) for cut in score)
    assert value(truth, found.answer(outputs).label) == pytest.approx(best)


def test_an_imbalanced_threshold_treats_both_classes_alike() -> None:
    g = np.random.default_rng(7)
    outputs, _ = _logits(400, 2, g)
    truth = (g.random(400) < 0.2 * np.exp(outputs[:, 1])).astype(int)
    one = calibrate("classify", outputs, truth, imbalanced=True).answer(outputs).label
    other = calibrate("classify", outputs[:, ::-1], 1 - truth, imbalanced=True).answer(outputs[:, ::-1]).label
    assert np.mean(one == 1 - other) > 0.99


def test_a_calibration_survives_strict_json() -> None:
    g = np.random.default_rng(8)
    for name, outputs, truth in (
        ("regress", np.zeros((3, 2)), g.normal(size=(3, 2))),
        ("classify", *_logits(200, 2, g)),
        ("multilabel", g.normal(size=(50, 2)), g.integers(0, 2, (50, 2))),
    ):
        found = calibrate(name, outputs, truth, imbalanced=True)
        state = json.loads(json.dumps({"readout": name, **found.state()}, allow_nan=False))
        assert vars(restored(state)) == vars(found)


def test_impossible_log_probabilities_do_not_break_the_temperature() -> None:
    outputs = np.array([[0.0, -1e4], [-1e4, 0.0]] * 50)
    assert np.isfinite(calibrate("classify", outputs, np.array([0, 1] * 49 + [1, 0])).temperature)
