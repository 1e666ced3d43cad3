"""Each remedy fires when it should, for the right reason, and not before."""

from __future__ import annotations

import math
from typing import Any

import pytest

from glia.core.parts import Remedy
from glia.core.values import Edit, Readings
from glia.train.remedies import remedies


def run(
    remedy: Remedy, scores: list[float | None], losses: list[float] | None = None, lr: float = 1.0
) -> list[Edit | None]:
    losses = losses or [1.0] * len(scores)
    return [
        remedy.decide(Readings(10 * (i + 1), 1000, float(i), loss, 1.0, score=score), {"lr": lr})
        for i, (score, loss) in enumerate(zip(scores, losses, strict=True))
    ]


def make(name: str, **options: Any) -> Remedy:
    return remedies.get(name)(**options)


def test_early_stopping_waits_as_long_as_it_was_told_and_restores() -> None:
    made = run(make("early_stop", patience=3), [0.1, 0.5, 0.4, 0.5, 0.3])
    assert made[:4] == [None] * 4
    assert made[4].stop
    assert made[4].restore
    assert "step 20 was best" in made[4].reason


def test_early_stopping_starts_waiting_anew_with_every_improvement() -> None:
    assert run(make("early_stop", patience=2), [0.1, 0.0, 0.2, 0.1, 0.3, 0.2]) == [None] * 6


def test_an_improvement_must_be_as_large_as_was_asked_for() -> None:
    scores = [0.5, 0.505, 0.51, 0.515]
    assert run(make("early_stop", patience=3), scores)[-1] is None
    assert run(make("early_stop", patience=3, min_delta=0.1), scores)[-1].stop


def test_readings_between_evaluations_are_not_counted() -> None:
    assert run(make("early_stop", patience=1), [0.5, None, None, None]) == [None] * 4


@pytest.mark.parametrize("score", [math.nan, -math.inf, math.inf], ids=str)
def test_a_score_that_is_no_number_is_no_improvement(score: float) -> None:
    made = run(make("early_stop", patience=2), [score, score])
    assert made[1].stop


def test_a_plateau_lowers_the_rate_again_and_again_down_to_a_floor() -> None:
    plateau = make("plateau", factor=0.1, patience=2, least=0.05)
    made = run(plateau, [0.5] * 5)
    assert [edit and edit.knobs for edit in made] == [None, None, {"lr": 0.1}, None, {"lr": 0.1}]
    assert run(plateau, [0.5] * 2, lr=0.1)[-1].knobs == {"lr": 0.05}
    assert run(plateau, [0.5] * 2, lr=0.05)[-1] is None


def test_a_diverging_loss_goes_back_with_a_smaller_rate_and_in_the_end_stops() -> None:
    made = run(make("rollback", tries=2), [0.5] * 5, [1.0, 0.5, math.nan, math.inf, 50.0], lr=0.5)
    assert made[:2] == [None, None]
    assert [edit.knobs for edit in made[2:]] == [{"lr": 0.15}, {"lr": 0.15}, {}]
    assert [edit.stop for edit in made[2:]] == [False, False, True]
    assert all(edit.restore for edit in made[2:])


def test_a_loss_that_merely_wobbles_or_is_negative_does_not_diverge() -> None:
    assert run(make("rollback"), [0.5] * 5, [1.0, 0.2, 0.9, 1.1, 0.1]) == [None] * 5
    assert run(make("rollback"), [0.5] * 4, [-1.0, -2.0, -0.7, -3.0]) == [None] * 4


@pytest.mark.parametrize(
    ("name", "options", "knobs"),
    [
        ("clip_norm", {"limit": 2.0}, {"clip_norm": 2.0}),
        ("clip_value", {"limit": 0.1}, {"clip_value": 0.1}),
        ("weight_decay", {"factor": 3.0}, {"weight_decay": 3.0}),
        ("l1", {"strength": 0.01}, {"l1": 0.01}),
        ("average", {"decay": 0.9}, {"average": 0.9}),
    ],
)
def test_what_asks_once_asks_at_the_start_and_never_again(
    name: str, options: dict[str, float], knobs: dict[str, float]
) -> None:
    remedy = make(name, **options)
    start = remedy.decide(Readings(0, 100, 0.0, math.nan, 0.0), {"lr": 1.0})
    assert start.knobs == knobs
    assert not start.stop
    assert run(remedy, [0.5, 0.1, 0.0]) == [None] * 3


def test_averaging_can_begin_late() -> None:
    average = make("average", decay=0.999999, start=0.025)
    made = run(average, [0.5] * 4)
    assert [edit and edit.knobs for edit in made] == [None, None, {"average": 0.999999}, None]
