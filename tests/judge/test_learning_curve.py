"""Learning curves: known power laws are found again, intervals cover them, and what cannot be told is not told."""

from __future__ import annotations

import json

import numpy as np
import pytest

from glia.judge.learning_curve import curve

SIZES = [125, 250, 500, 1000]


def made(law: tuple[float, float, float], seed: int = 0, judged: int = 1000, shift: float = 1.0) -> tuple:
    """Return whether rows were answered rightly by a model of a known law, and by a network."""
    floor, factor, power = law
    g = np.random.default_rng(seed)
    hard = g.random(judged)  # some rows are harder than others, at every size and for everybody

    def right(error: float, repeats: int) -> np.ndarray:
        mixed = 0.5 * hard + 0.5 * g.random((repeats, judged))
        # the quantile of a mean of two uniform numbers, below which a share of errors lies
        return mixed > (np.sqrt(error / 2) if error < 0.5 else 1 - np.sqrt((1 - error) / 2))

    errors = [floor + factor * size**-power for size in SIZES]
    return [right(error, n) for error, n in zip(errors, (4, 4, 2, 1))], right(shift * errors[-1], 1)[0]


def test_rows_needed_for_a_known_power_law_are_found() -> None:
    law = (0.0, 4.0, 0.5)  # 0.126 with 1,000 rows, 0.0894 with 2,000; 0.1 needs 1,600
    found = curve(SIZES, *made(law, judged=20_000))
    assert found.goal == 0.9
    assert found.needed[1] < 1600 < found.needed[2]
    assert abs(found.needed[0] - 1600) < 250
    assert abs(found.expected[0] - (1 - 4 * 2000**-0.5)) < 0.006
    assert found.accuracy[0][1] < 1 - 4 * 125**-0.5 < found.accuracy[0][2]
    assert "1,600" in found.text or "1,5" in found.text or "1,7" in found.text
    assert json.loads(json.dumps(found.as_dict()))["rows"] == SIZES


@pytest.mark.parametrize("law", [(0.0, 3.0, 0.4), (0.05, 4.0, 0.5), (0.1, 2.0, 0.6), (0.0, 1.2, 0.2)])
def test_intervals_cover_what_they_promise(law: tuple[float, float, float]) -> None:
    floor, factor, power = law
    error, more = (floor + factor * size**-power for size in (1000, 2000))
    covered, told = [], 0
    for seed in range(25):
        found = curve(SIZES, *made(law, seed=seed, judged=400, shift=0.7), seed=seed)
        if not found.expected:
            continue
        told += 1
        covered.append(found.expected[1] <= 1 - 0.7 * more <= found.expected[2])
        goal = (1 - found.goal) / 0.7
        wanted = 1000 * ((goal - floor) / (error - floor)) ** (-1 / power) if goal > floor else np.inf
        low, high = (np.inf if end is None else end for end in found.needed[1:])
        covered.append(0.95 * low <= wanted <= 1.05 * high or (wanted > 1e5 and high == np.inf))
    assert told > 18
    assert np.mean(covered) > 0.88


def test_more_judged_rows_give_narrower_intervals() -> None:
    wide, narrow = (curve(SIZES, *made((0.0, 4.0, 0.5), judged=n)).expected for n in (200, 5000))
    assert narrow[2] - narrow[1] < 0.5 * (wide[2] - wide[1])


def test_a_curve_that_does_not_rise_tells_nothing_and_says_so() -> None:
    found = curve(SIZES, *made((0.3, 0.0, 1.0)))
    assert not found.expected
    assert not found.needed
    assert "cannot be told: accuracy does not grow beyond chance from 125 to 1,000 rows" in found.text


def test_a_floor_below_the_goal_is_never_promised_away() -> None:
    found = curve(SIZES, *made((0.2, 20.0, 1.2), judged=20_000))
    assert found.goal == 0.85
    assert found.needed[2] is None
    assert "None" not in found.text
    assert found.expected[0] < 0.81


def test_few_judged_rows_and_perfect_answers_are_said() -> None:
    right, own = made((0.0, 4.0, 0.5), judged=20)
    assert "too few" in curve(SIZES, right, own).text
    right, own = made((0.0, 4.0, 0.5), judged=200)
    assert "rightly already" in curve(SIZES, right, np.ones_like(own)).text


def test_the_same_rows_give_the_same_answer() -> None:
    given = made((0.0, 4.0, 0.5))
    assert curve(SIZES, *given) == curve(SIZES, *given)
