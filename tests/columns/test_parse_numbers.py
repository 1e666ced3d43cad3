from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glia.columns._parse import are_codes, read_numbers, style_of, to_numbers
from glia.core.raw import Raw


def read(*words: str) -> list[float]:
    return to_numbers(list(words), style_of(list(words))).tolist()


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1,234.5", 1234.5), ("1,234,567", 1234567.0), ("-1,234", -1234.0), ("1 234", 1234.0),
        ("1\u202f234.5", 1234.5), ("1'234", 1234.0), ("$1,200", 1200.0), ("-$5", -5.0), ("$ -5", -5.0),
        ("12 €", 12.0), ("45%", 45.0), ("+.5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("−3", -3.0),
        ("1e400", math.inf),
        ("-inf", -math.inf), ("0.5", 0.5), ("007", 7.0),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(word: str, value: float) -> None:
    assert to_numbers([word]).tolist() == [value]


@pytest.mark.parametrize(
    "word", ["1_000", "abc", "1,2,3", "12,34", "1 23", "1.2.3", "--5", "e5", "$", "0x1F", "1,23,456"]
)
def test_what_is_no_number_is_not_read_as_one(word: str) -> None:
    assert math.isnan(to_numbers([word])[0])
    assert math.isnan(to_numbers([word, "x"])[0])


def test_a_column_of_decimal_commas_is_read_as_one() -> None:
    assert read("1.234,5", "7,25", "1.234", "8", "12.5") == [1234.5, 7.25, 1234.0, 8.0, 12.5]
    assert read("3,5") == [3.5]
    assert read("1.234.567", "1.000") == [1234567.0, 1000.0]


def test_one_word_cannot_turn_a_column_of_points_into_commas() -> None:
    assert read("1.5", "2.25", "3,5", "1,234")[:2] == [1.5, 2.25]
    assert read("1.5", "2.25", "1,234")[2] == 1234.0


def test_leading_zeros_say_that_digits_are_codes() -> None:
    assert are_codes(["00123", "94105"])
    assert not are_codes(["0", "0.5", "100"])
    assert not are_codes(["007"] + [str(number) for number in range(1000, 2000)])


@given(st.floats(allow_nan=False))
def test_every_float_that_python_writes_is_read_back_exactly(value: float) -> None:
    assert to_numbers([repr(value), "x"])[0] == value


@given(st.integers(-(10**12), 10**12), st.sampled_from([",", " ", "'"]))
def test_grouped_thousands_are_read_back_exactly(value: int, sign: str) -> None:
    assert to_numbers([f"{value:,}".replace(",", sign), "x"])[0] == value


@given(st.floats(-1e9, 1e9).map(lambda value: round(value, 2)))
def test_both_conventions_give_the_same_number(value: float) -> None:
    english = f"{value:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert to_numbers([english])[0] == to_numbers([german], "comma")[0] == value


def test_rows_with_something_that_is_no_number_are_told_from_rows_with_nothing() -> None:
    raw = Raw(np.array(["1", "", "x", "2"], dtype=object), np.array([True, True, True, False]))
    values, wrong = read_numbers(raw)
    assert np.isnan(values).tolist() == [False, True, True, True]
    assert wrong.tolist() == [False, False, True, False]
