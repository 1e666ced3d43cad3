"""The verdict tells real differences, keeps silent on luck, and says what to use."""

from __future__ import annotations

import json

import numpy as np
import pytest

from glia.core.values import Answer
from glia.judge.verdict import Verdict, verdict
from glia.judge.yardsticks import Yard


def _yard(name: str, answer: Answer, valid: Answer | None = None, seconds: float = 1.0) -> Yard:
    titles = {
        "hist_gradient_boosting": "gradient boosting",
        "linear": "a linear model",
        "constant": "a constant answer",
    }
    return Yard(name, valid or answer, answer, len(answer), seconds, "", titles[name], f"sklearn.{name}()")


def _right(share: float, truth: np.ndarray, g: np.random.Generator) -> Answer:
    """An answer that is right about a share of the rows."""
    return Answer(label=np.where(g.random(len(truth)) < share, truth, 1 - truth))


def _judge(ours: float, theirs: float, n: int = 2000, name: str = "hist_gradient_boosting", **options) -> Verdict:
    g = np.random.default_rng(0)
    truth = g.integers(0, 2, n)
    yard = _yard(name, _right(theirs, truth, g))
    return verdict("accuracy", _right(ours, truth, g), {name: yard}, truth, truth, **options)


def test_a_better_network_wins_by_a_positive_difference() -> None:
    found = _judge(0.9, 0.8)
    assert found.winner == "network"
    assert found.difference == pytest.approx(0.1, abs=0.03)
    assert 0 < found.low < found.difference < found.high
    assert found.text.startswith("the network is better than gradient boosting by 0.")
    assert "use that" not in found.text


def test_a_worse_network_is_told_to_give_way_and_how() -> None:
    found = _judge(0.8, 0.9)
    assert found.winner == found.yardstick == "hist_gradient_boosting"
    assert found.high < 0
    assert "the network is worse than gradient boosting by 0." in found.text
    assert found.text.endswith("use that: gradient boosting, sklearn.hist_gradient_boosting()")


def test_a_tie_is_called_one_and_the_cheaper_model_advised() -> None:
    assert "use that: gradient boosting" in _judge(0.85, 0.85).text
    assert "use that: gradient boosting" in _judge(0.85, 0.85, seconds=50.0).text
    found = _judge(0.85, 0.85, seconds=0.5)  # here the yardstick took longer than the network
    assert found.winner == "cannot tell"
    assert found.low < 0 < found.high
    assert "use that" not in found.text


def test_a_network_no_better_than_a_constant_is_told_so() -> None:
    assert "commonest answer" in _judge(0.5, 0.5, name="constant").text


def test_errors_are_turned_so_that_positive_means_better() -> None:
    g = np.random.default_rng(1)
    truth = g.normal(size=(500, 1))
    good, poor = (Answer(point=truth + s * g.normal(size=(500, 1))) for s in (0.5, 1.0))
    found = verdict("rmse", good, {"linear": _yard("linear", poor)}, truth, truth)
    assert found.winner == "network"
    assert found.difference == pytest.approx(0.5, abs=0.1)


def test_the_yardstick_is_chosen_on_validation_and_never_on_test() -> None:
    truth = np.arange(400) % 2
    right, wrong = Answer(label=truth), Answer(label=1 - truth)
    yards = {"linear": _yard("linear", wrong, valid=right), "constant": _yard("constant", right, valid=wrong)}
    assert verdict("accuracy", right, yards, truth, truth).yardstick == "linear"


def test_of_equals_on_validation_the_cheaper_yardstick_is_taken() -> None:
    truth = np.arange(400) % 2
    answer = Answer(label=truth)
    yards = {name: _yard(name, answer) for name in ("constant", "linear", "hist_gradient_boosting")}
    assert verdict("accuracy", answer, yards, truth, truth).yardstick == "constant"


def test_a_difference_between_few_units_is_not_certain_though_rows_are_many() -> None:
    g = np.random.default_rng(2)
    units = np.repeat(np.arange(12), 100)
    truth = np.ones(1200, int)
    better = Answer(label=np.repeat(np.array([1] * 7 + [0] * 5), 100))
    worse = Answer(label=np.repeat(g.permutation(np.array([1] * 5 + [0] * 7)), 100))
    yards = {"linear": _yard("linear", worse)}
    assert verdict("accuracy", better, yards, truth, truth).winner == "network"
    assert verdict("accuracy", better, yards, truth, truth, units=units).winner == "cannot tell"


def _pair(metric: str, n: int, g: np.random.Generator) -> tuple[Answer, Answer, np.ndarray]:
    """Two equally good answers that share much of their error, as models of one table do."""
    if metric == "rmse":
        x, truth = g.normal(size=(n, 1)), None
        truth = x + g.normal(size=(n, 1))
        one, other = (Answer(point=x + 0.3 * g.normal(size=(n, 1))) for _ in range(2))
        return one, other, truth
    truth = g.integers(0, 2, n)
    strength = 2.0 if metric == "roc_auc" else 1.2  # nearly perfect rankings are the hard case

    def answer(shared: np.ndarray) -> Answer:
        p = 1 / (1 + np.exp(-1.5 * ((2 * truth - 1) * strength + 0.9 * shared + 0.44 * g.normal(size=n))))
        return Answer(probability=np.column_stack([1 - p, p]), label=(p >= 0.5).astype(int))

    shared = g.normal(size=n)
    return answer(shared), answer(shared), truth


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "log_loss", "rmse"])
def test_equal_models_are_called_different_in_about_5_percent_of_cases(metric: str) -> None:
    g, runs, alarms = np.random.default_rng(3), 300, 0
    for run in range(runs):
        one, other, truth = _pair(metric, 200, g)
        found = verdict(metric, one, {"linear": _yard("linear", other)}, truth, truth, seed=run)
        alarms += found.winner != "cannot tell"
    noise = 2 * (0.05 * 0.95 / runs) ** 0.5
    assert alarms / runs <= 0.06 + noise


def test_a_verdict_is_plain_json() -> None:
    found = json.loads(json.dumps(_judge(0.9, 0.8).as_dict()))
    assert set(found) == {"winner", "yardstick", "metric", "difference", "low", "high", "text"}
