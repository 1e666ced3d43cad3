"""What metrics say where formulas divide by nothing, take the logarithm of zero or lose digits."""

from __future__ import annotations

import numpy as np
import pytest

from glia.core.values import Answer
from glia.metrics import metrics


def _value(name: str, answer: Answer, truth: np.ndarray) -> float:
    metric = metrics.get(name)()
    return float(metric.value(metric.stats(answer, truth))[0])


def test_a_certain_and_wrong_row_costs_much_and_not_everything() -> None:
    sure = np.array([[1.0, 0.0]])
    assert _value("log_loss", Answer(probability=sure), np.array([1])) == pytest.approx(36.04, abs=0.01)
    assert _value("log_loss", Answer(probability=sure.astype(np.float32)), np.array([1])) < 16


def test_a_ranking_without_positives_is_not_a_number() -> None:
    answer = Answer(probability=np.array([[0.4, 0.6], [0.3, 0.7]]))
    assert np.isnan(_value("roc_auc", answer, np.array([0, 0])))
    assert np.isnan(_value("average_precision", answer, np.array([0, 0])))


def test_classes_that_do_not_occur_are_left_out_of_means() -> None:
    p = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.3, 0.6, 0.1]])
    answer, truth = Answer(probability=p, label=p.argmax(1)), np.array([0, 1, 0])
    assert _value("recall", answer, truth) == pytest.approx((0.5 + 1.0) / 2)
    assert _value("roc_auc", answer, truth) == pytest.approx(1.0)


def test_never_predicting_the_positive_class_has_no_precision() -> None:
    answer, truth = Answer(label=np.zeros(4, int)), np.array([0, 1, 0, 1])
    assert [_value(name, answer, truth) for name in ("precision", "recall", "f1")] == [0.0, 0.0, 0.0]


def test_all_scores_equal_rank_like_a_coin() -> None:
    answer = Answer(probability=np.full((10, 2), 0.5))
    assert _value("roc_auc", answer, np.arange(10) % 2) == pytest.approx(0.5)


def test_r2_of_large_numbers_keeps_its_digits() -> None:
    truth = 1e9 + np.arange(100.0)[:, None]
    assert _value("r2", Answer(point=truth + 1.0), truth) == pytest.approx(1 - 100 / (100 * 833.25), rel=1e-9)


def test_r2_of_a_truth_that_never_varies_is_zero_or_one() -> None:
    truth = np.full((5, 1), 3.1)
    assert _value("r2", Answer(point=truth + 1), truth) == 0.0
    assert _value("r2", Answer(point=truth), truth) == 1.0


def test_perfect_probabilities_have_no_calibration_error_on_average() -> None:
    g = np.random.default_rng(0)
    metric, squares = metrics.get("calibration_error")(), []
    for _ in range(200):
        p = g.uniform(0.5, 1, 300)
        answer = Answer(probability=np.column_stack([1 - p, p]))
        squares.append(metric.value(metric.stats(answer, (g.random(300) < p).astype(int)))[0])
    # The plug-in estimate would say about 0.1 every time; this one says 0 half of the time.
    assert np.median(squares) < 0.02


def test_importing_the_shelf_loads_no_heavy_library() -> None:
    import subprocess
    import sys

    code = "import sys, glia.metrics; print({'torch', 'sklearn', 'scipy', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
