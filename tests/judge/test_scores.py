"""The tables behind the scores say what can be counted by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from glia.core.values import Answer
from glia.judge.scores import confusion, fitting, main_metric, per_class, reliability, score
from glia.metrics import metrics
from glia.objectives import objectives


def test_every_metric_fits_some_objective() -> None:
    fit = {name for objective in objectives.names() for name in getattr(objectives.get(objective), "metrics", ())}
    assert fit <= set(metrics.names())
    # Analogies are asked of vectors of words, by a verb of their own; and some metrics are there to be asked for.
    assert set(metrics.names()) - fit <= {"analogy_accuracy", "top5_accuracy"}
    assert main_metric("multilabel") in fitting("multilabel")


def test_rare_classes_switch_the_metric_to_one_that_treats_both_classes_alike() -> None:
    name = main_metric("classify", imbalanced=True)
    p = np.random.default_rng(0).random(50)
    truth = (p + np.random.default_rng(1).normal(size=50) > 0.9).astype(int)
    one = score([name], Answer(probability=np.column_stack([1 - p, p])), truth)[name]
    other = score([name], Answer(probability=np.column_stack([p, 1 - p])), 1 - truth)[name]
    assert one.value == pytest.approx(other.value)


def test_codes_may_come_as_a_column() -> None:
    answer = Answer(probability=np.eye(2)[[0, 1, 1]], label=np.array([0, 1, 1]))
    flat, column = (
        score(["accuracy", "log_loss"], answer, y) for y in (np.array([0, 1, 0]), np.array([[0], [1], [0]]))
    )
    assert flat == column


def test_the_confusion_matrix_has_truth_in_rows() -> None:
    answer, truth = Answer(label=np.array([0, 0, 1, 2])), np.array([0, 1, 1, 1])
    assert confusion(answer, truth, ["a", "b", "c"])["counts"] == [[1, 0, 0], [1, 1, 1], [0, 0, 0]]


def test_the_table_of_classes_counts_right_and_is_honest_about_nothing() -> None:
    answer, truth = Answer(label=np.array([0, 0, 1, 1])), np.array([0, 1, 1, 1])
    first, second, third = per_class(answer, truth, ["a", "b", "c"])
    assert (first["precision"]["value"], first["recall"]["value"]) == (0.5, 1.0)
    assert (second["recall"]["value"], second["n"], second["predicted"]) == (pytest.approx(2 / 3), 3, 2)
    assert third["precision"]["value"] is None
    assert third["f1"] is None


def test_the_table_of_independent_labels_has_a_row_for_each() -> None:
    answer = Answer(label=np.array([[1, 0], [1, 1]]))
    table = per_class(answer, np.array([[1, 0], [0, 1]]), ["x", "y"])
    assert [row["precision"]["value"] for row in table] == [0.5, 1.0]


def test_the_calibration_plot_of_perfect_probabilities_lies_on_the_diagonal() -> None:
    g = np.random.default_rng(0)
    p = g.random(20_000)
    bins = reliability(Answer(probability=np.column_stack([1 - p, p])), (g.random(20_000) < p).astype(int))
    assert np.abs(np.subtract(bins["stated"], bins["seen"])).max() < 0.03
    assert sum(bins["n"]) == 20_000
    assert all(low <= seen <= high for low, seen, high in zip(bins["low"], bins["seen"], bins["high"]))


def test_every_table_is_plain_json() -> None:
    answer = Answer(probability=np.eye(3)[[0, 1, 2]] * 0.7 + 0.1, label=np.array([0, 1, 2]))
    truth = np.array([0, 1, 1])
    found = [per_class(answer, truth, "abc"), confusion(answer, truth, "abc"), reliability(answer, truth)]
    found += [one.as_dict() for one in score(fitting("classify"), answer, truth).values()]
    json.dumps(found)


def test_where_one_unit_is_all_there_is_rows_are_resampled() -> None:
    """Resamples of a single speaker would all be that speaker: an interval of no width, and certain of everything."""
    truth = np.arange(100) % 10
    answer = Answer(label=np.where(np.arange(100) < 80, truth, (truth + 1) % 10))
    one = score(["accuracy"], answer, truth, units=np.zeros(100))["accuracy"]
    assert one.n == 100
    assert one.low < 0.75 < 0.85 < one.high
    two = score(["accuracy"], answer, truth, units=np.arange(100) // 50)["accuracy"]
    assert two.n == 2
