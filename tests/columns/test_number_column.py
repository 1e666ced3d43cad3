from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from glia.columns.number import Number, numbers
from glia.core.errors import DataError
from glia.core.raw import Raw

ANY = hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(allow_nan=True, allow_infinity=True, width=64))


def raw(values: object) -> Raw:
    array = np.array(values, dtype=object if isinstance(values, list) and isinstance(values[0], str) else None)
    return Raw(array, np.ones(len(array), bool))


def learned(values: object, role: str = "input") -> Number:
    column = Number("x", role)
    column.learn(raw(values))
    return column


@given(ANY, ANY)
def test_any_number_is_encoded_as_a_finite_one(train: np.ndarray, later: np.ndarray) -> None:
    with np.errstate(all="raise", under="ignore"):
        column = learned(train)
        groups = column.encode(raw(later))
    assert all(values.dtype == np.float32 and np.isfinite(values).all() for values in groups.values())
    assert (np.abs(groups["number"]) <= 3).all()
    edges = column.specs()["number"].edges
    assert edges is not None
    assert (np.diff(np.float32(edges[0])) > 0).all()
    assert 2 <= len(edges[0]) <= 64


@given(ANY, ANY)
def test_larger_numbers_are_never_encoded_as_smaller_ones(train: np.ndarray, later: np.ndarray) -> None:
    later = np.sort(later[~np.isnan(later)])
    assert (np.diff(learned(train).encode(raw(later))["number"][:, 0]) >= 0).all()


def test_scaling_is_the_published_one() -> None:
    values = np.random.default_rng(0).lognormal(size=500)
    width = np.quantile(values, 0.75) - np.quantile(values, 0.25)
    z = (values - np.median(values)) / width
    np.testing.assert_allclose(
        learned(values).encode(raw(values))["number"][:, 0],
        z / np.sqrt(1 + (z / 3) ** 2),
        rtol=1e-5,
        atol=1e-6,
    )


def test_where_most_values_are_equal_half_the_range_is_the_unit() -> None:
    values = np.array([0.0] * 97 + [10.0, 50.0, 100.0])
    z = values / 50
    np.testing.assert_allclose(learned(values).encode(raw(values))["number"][:, 0], z / np.sqrt(1 + (z / 3) ** 2))


def test_a_number_that_never_varied_stays_constant() -> None:
    assert learned([5.0, 5.0]).encode(raw([5.0, 7.0, 1e300]))["number"].tolist() == [[0.0]] * 3


def test_outliers_do_not_move_the_scale() -> None:
    values = np.arange(100.0)
    spoiled = np.append(values, [1e300, np.inf])
    left, right = (learned(one).encode(raw(values))["number"] for one in (values, spoiled))
    assert np.abs(left - right).max() < 0.05


def test_only_gaps_in_training_give_an_indicator() -> None:
    assert "dense" not in learned([1.0, 2.0]).specs()
    column = learned(["1", "?", "3"])
    assert column.specs()["dense"].names == ("x is missing",)
    assert column.encode(raw(["N/A", "2"]))["dense"].tolist() == [[1.0], [0.0]]
    assert column.encode(raw(["N/A", "2"]))["number"].tolist() == [[0.0], [0.0]]


def test_a_gap_that_training_never_saw_is_said() -> None:
    (note,) = learned([1.0, 2.0]).review(raw([np.nan, 1.0]))
    assert (note.code, note.severity) == ("newly_missing", "note")
    assert not learned([1.0, np.nan]).review(raw([np.nan, 1.0]))


def test_text_where_numbers_were_is_a_stop_and_a_stray_word_a_note() -> None:
    column = learned(["1", "2", "?"])
    assert column.review(raw(["1", "2", "x"]))[0].severity == "note"
    (stop,) = column.review(raw(["1", "red", "blue"]))
    assert (stop.severity, stop.code, stop.evidence["row"], stop.evidence["value"]) == (
        "stop",
        "wrong_type",
        1,
        "red",
    )


def test_frequent_values_have_bins_of_their_own_and_leave_the_others_theirs() -> None:
    values = np.concatenate([np.zeros(9000), np.random.default_rng(0).uniform(1, 100, 1000)])
    (edges,) = learned(values).specs()["number"].edges or ()
    zero = learned(values).encode(raw([0.0]))["number"].item()
    assert zero in edges
    assert sum(edge > zero for edge in edges) > 40


def test_few_values_are_all_edges() -> None:
    column = learned([1.0, 2.0, 3.0, 3.0])
    assert column.specs()["number"].edges == (tuple(column.encode(raw([1.0, 2.0, 3.0]))["number"][:, 0].tolist()),)


def test_the_convention_of_decimals_is_learned_and_not_guessed_again() -> None:
    column = learned(["1,5", "2,5", "3,5"])
    alone = column.encode(raw(["1.000"]))["number"]
    assert alone.item() == column.encode(raw([1000.0]))["number"].item()


def test_targets_of_any_size_come_back() -> None:
    for values in ([1e300, -1e300, 3e299], [1e-300, 2e-300], [5.0, 5.0], [1e15, 1e15 + 8, 1e15 + 16]):
        column = learned(np.array(values), "target")
        codes = column.encode(raw(np.array(values)))["target"]
        assert np.isfinite(codes).all()
        assert np.abs(codes).max() < 10
        np.testing.assert_allclose(column.decode(codes[:, 0]), values, rtol=1e-5)


@pytest.mark.parametrize(
    ("bad", "code"), [("abc", "target_unreadable"), ("inf", "target_unreadable"), ("", "target_missing")]
)
def test_a_target_that_is_no_number_is_refused(bad: str, code: str) -> None:
    with pytest.raises(DataError) as caught:
        learned(["1", "2", bad], "target")
    assert caught.value.code == code
    assert caught.value.row == 2


def test_corruption_brings_wrong_units_and_outliers() -> None:
    values = np.random.default_rng(0).uniform(1, 2, 1000)
    worse = numbers(learned(values).corrupt(raw(values), 0.2, np.random.default_rng(1)))
    hit = worse != values
    assert 0.15 < hit.mean() < 0.25
    assert np.isclose(worse[hit] / values[hit], 1000).mean() > 0.3
    assert (np.abs(worse[hit]) > 3).mean() > 0.8


@pytest.mark.filterwarnings("error")
def test_the_ends_of_float64_are_scaled_without_overflow() -> None:
    values = np.array([1.7e308, -1.7e308, np.inf, -np.inf, 5e-324, 0.0, 1e300])
    for train in (values, values[:2], values[4:6], values[2:4]):
        column = learned(train)
        encoded = column.encode(raw(values))["number"][:, 0]
        assert np.isfinite(encoded).all()
        assert np.isfinite(column.summarize(raw(values))["quantiles"]).all()
        assert encoded[0] >= encoded[6] >= encoded[5] >= encoded[1]
