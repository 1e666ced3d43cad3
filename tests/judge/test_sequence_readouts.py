"""Readouts of forecasts and texts: what they promise, and that they survive JSON."""

from __future__ import annotations

import json
from math import inf

import numpy as np
import pytest

from glia.judge.readouts import calibrate, readouts, restored
from glia.metrics import metrics


def coverage(answer, truth: np.ndarray) -> float:
    metric = metrics.get("coverage")()
    return float(metric.value(metric.stats(answer, truth))[0])


def drawn(n: int, seed: int, horizon: int = 6, variables: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Points, and truth whose errors grow with the step and differ between variables."""
    g = np.random.default_rng(seed)
    point = g.normal(size=(n, horizon, variables)) + 50
    grows = np.arange(1, horizon + 1)[:, None] * np.array([1.0, 10.0])[:variables]
    return point, point + g.normal(size=point.shape) * grows


def test_intervals_of_each_step_and_variable_hold_as_often_as_they_should() -> None:
    readout = calibrate("forecast", *drawn(400, 0))
    point, truth = drawn(2000, 1)
    answer = readout.answer(point)
    inside = ((answer.low <= truth) & (truth <= answer.high)).mean(0)
    assert np.abs(inside - 0.9).max() < 0.05
    reach = (answer.high - answer.low)[0]
    assert (np.diff(reach, axis=0) > 0).all()


def test_the_scales_behind_the_truth_are_not_learned_from() -> None:
    point, truth = drawn(100, 0)
    behind = np.concatenate([truth, np.full((100, 2, 2), 1e9)], 1)
    assert calibrate("forecast", point, truth).state() == calibrate("forecast", point, behind).state()


@pytest.mark.parametrize("width", [0.5, 1.0, 3.0])
def test_quantiles_too_narrow_or_too_wide_are_moved(width: float) -> None:
    g = np.random.default_rng(0)
    truth = g.normal(size=(3000, 4, 1))
    levels = np.array([-1.645, -0.5, 0.0, 0.5, 1.645]) * width
    outputs = np.broadcast_to(levels, (3000, 4, 1, 5))
    answer = calibrate("forecast", outputs[:1000], truth[:1000]).answer(outputs[1000:])
    assert coverage(answer, truth[1000:]) == pytest.approx(0.9, abs=0.02)
    assert (answer.point == 0).all()
    assert (answer.low <= answer.point).all()
    assert (answer.point <= answer.high).all()


def test_series_of_very_different_size_get_intervals_in_shares() -> None:
    g = np.random.default_rng(0)
    size = np.exp(g.uniform(0, 10, (600, 1, 1)))
    point = np.broadcast_to(size, (600, 5, 1))
    truth = point * (1 + 0.1 * g.normal(size=(600, 5, 1)))
    readout = calibrate("forecast", point[:300], truth[:300])
    assert readout.relative
    answer = readout.answer(point[300:])
    assert coverage(answer, truth[300:]) == pytest.approx(0.9, abs=0.03)
    share = (answer.high - answer.low) / point[300:]
    assert np.ptp(share[:, 0]) < 1e-6


def test_few_windows_borrow_from_the_steps_beside_and_very_few_promise_nothing() -> None:
    point, truth = drawn(6, 0)
    some = calibrate("forecast", point, truth)
    assert np.isfinite(some.radius).all()
    point, truth = drawn(2, 0, horizon=1)
    none = calibrate("forecast", point, truth)
    assert none.radius == [[inf, inf]]
    assert none.answer(point).low.tolist() == [[[-inf, -inf]]] * 2


def test_overlapping_windows_hold_as_often_as_they_should_although_they_are_few() -> None:
    """Windows one step apart share their errors: 10 of them with 12 steps hold 21 errors and not 120."""
    g, inside = np.random.default_rng(0), []
    for _ in range(300):
        errors = g.normal(size=60)
        gaps = np.stack([errors[at : at + 12] for at in range(10)])[:, :, None]
        answer = calibrate("forecast", np.zeros_like(gaps), gaps).answer(np.zeros((1, 12, 1)))
        inside.append(coverage(answer, errors[40:52][None, :, None]))
    assert np.mean(inside) == pytest.approx(0.91, abs=0.015)


def test_before_it_has_learned_it_answers_points_alone() -> None:
    answer = readouts.get("forecast")().answer(np.zeros((2, 3, 1)))
    assert answer.low is None
    assert answer.point.shape == (2, 3, 1)


@pytest.mark.parametrize("name", ["forecast", "text", "generate", "embed"])
def test_a_readout_survives_json(name: str) -> None:
    g = np.random.default_rng(0)
    outputs = {
        "forecast": g.normal(size=(30, 4, 2)),
        "text": np.array(["a", "b"], dtype=object),
        "generate": np.log(g.random((5, 7))),
        "embed": g.normal(size=(5, 9)),
    }[name]
    truth = outputs + 1 if name == "forecast" else outputs
    readout = calibrate(name, outputs, truth)
    copy = restored(json.loads(json.dumps({"readout": name, **readout.state()}, allow_nan=False)))
    for part, value in vars(readout.answer(outputs)).items():
        other = getattr(copy.answer(outputs), part)
        assert (value is None) == (other is None)
        if value is not None:
            assert (value == other).all()


def test_padding_surprises_nobody() -> None:
    score = readouts.get("generate")().answer(np.array([[-1.0, np.nan], [-2.0, -3.0]])).score
    assert score.tolist() == [1.0, 5.0]
