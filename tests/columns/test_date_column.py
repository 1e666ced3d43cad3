from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glia.columns._dates import day_first, to_dates
from glia.columns.date import Date, moments
from glia.core.errors import DataError
from glia.core.raw import Raw


def raw(*values: str) -> Raw:
    return Raw(np.array(values, dtype=object), np.ones(len(values), bool))


@pytest.mark.parametrize(
    ("word", "moment"),
    [
        ("2024-02-29", "2024-02-29"), ("2024/2/9", "2024-02-09"), ("1949-01", "1949-01-01"),
        ("20240131", "2024-01-31"),
        ("2024-01-31T10:20:30.5", "2024-01-31T10:20:30.5"), ("2024-01-31 10:20", "2024-01-31T10:20"),
        ("2024-01-31T10:00:00Z", "2024-01-31T10:00"), ("2024-01-31T10:00+02:00", "2024-01-31T08:00"),
        ("2024-01-31T23:00:00-0500", "2024-02-01T04:00"), ("3 Feb 2024", "2024-02-03"),
        ("03-Feb-2024", "2024-02-03"),
        ("February 3, 2024", "2024-02-03"), ("2/3/2024 1:05 PM", "2024-02-03T13:05"),
        ("12/31/1999 12:00 am", "1999-12-31"), ("1/2/68", "2068-01-02"), ("1/2/69", "1969-01-02"),
    ],
)  # fmt: skip
def test_common_spellings_of_dates_are_read(word: str, moment: str) -> None:
    assert to_dates([word, "x"])[0] == np.datetime64(moment, "us")


@pytest.mark.parametrize(
    "word", ["2023-02-29", "13/13/2024", "2024", "now", "10:30", "1.5", "99999999", "3 Foo 2024", ""]
)
def test_what_is_no_date_is_not_read_as_one(word: str) -> None:
    assert np.isnat(to_dates([word])[0])


@given(st.datetimes(min_value=datetime.datetime(1000, 1, 1)))
def test_every_moment_python_writes_is_read_back_exactly(moment: object) -> None:
    fast, slow = to_dates([str(moment)])[0], to_dates([str(moment), "x"])[0]
    assert fast == slow == np.datetime64(moment, "us")


def test_the_column_decides_whether_days_come_first() -> None:
    assert to_dates(["03/04/2024"], day_first(["03/04/2024", "25/04/2024"])[0])[0] == np.datetime64("2024-04-03")
    assert to_dates(["03/04/2024"], day_first(["03/04/2024", "04/25/2024"])[0])[0] == np.datetime64("2024-03-04")


def test_an_order_nothing_proves_is_said() -> None:
    assert "months are taken to come first" in Date.recognize(raw("03/04/2024", "05/06/2024")).reason
    assert "days are taken" in Date.recognize(raw("03.04.2024", "05.06.2024")).reason
    assert "taken" not in Date.recognize(raw("03/04/2024", "25/06/2024")).reason


def test_the_order_learned_holds_for_later_rows() -> None:
    seen = Date("seen")
    seen.learn(raw("25/01/2024", "03/02/2024", "14/03/2024"))
    left, right = seen.encode(raw("03/04/2024")), seen.encode(raw("2024-04-03"))
    assert all(np.array_equal(left[name], right[name]) for name in left)


def test_only_what_varies_in_training_becomes_a_feature() -> None:
    days = Date("d")
    days.learn(raw(*(f"2024-05-{day:02}" for day in range(1, 29))))
    assert days.parts == ("day", "weekday")
    assert days.encode(raw("2024-05-01", "2024-05-08"))["dense"][:, 2:].std(0).max() == 0  # a week apart


def test_monday_is_the_beginning_of_the_week_and_sunday_is_next_to_it() -> None:
    days = Date("d")
    days.learn(raw(*(f"2024-05-{day:02}" for day in range(1, 29))))
    monday, thursday, sunday = days.encode(raw("2024-05-06", "2024-05-09", "2024-05-05"))["dense"][:, 2:]
    np.testing.assert_allclose(monday, [0, 1], atol=1e-6)
    assert np.linalg.norm(monday - sunday) < np.linalg.norm(monday - thursday)


def test_moments_before_1970_have_the_right_calendar() -> None:
    days = Date("d")
    days.learn(raw("1950-01-02", "1960-07-15 12:00", "1999-12-31"))
    typed = np.array(["1950-01-02"], dtype="datetime64[us]")  # a Monday in January at midnight
    dense = dict(zip(days.specs()["dense"].names, days.encode(Raw(typed, np.ones(1, bool)))["dense"][0]))
    assert dense["d weekday (cos)"] == dense["d month (cos)"] == dense["d hour (cos)"] == 1


def test_missing_dates_are_marked_and_neutral() -> None:
    days = Date("d")
    days.learn(raw("2024-01-01", "", "2024-03-01"))
    groups = days.encode(raw("not a date"))
    assert groups["number"].item() == 0
    assert groups["dense"][0].tolist() == [0.0] * (groups["dense"].shape[1] - 1) + [1.0]


def test_times_can_be_dates_or_numbers_but_must_be_there() -> None:
    assert moments(raw("2024-01-02", "2024-01-01"), "t").argsort().tolist() == [1, 0]
    assert moments(raw("1999", "1998.5"), "t").tolist() == [1999.0, 1998.5]
    with pytest.raises(DataError, match="row 2") as caught:
        moments(raw("2024-01-02", ""), "t")
    assert caught.value.column == "t"
