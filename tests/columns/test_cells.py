from __future__ import annotations

import datetime
import decimal

import numpy as np
import pytest

from glia.columns._cells import cells, word_of
from glia.core.raw import Raw


def raw(values: list[object], present: list[bool] | None = None) -> Raw:
    array = np.empty(len(values), object)
    array[:] = values
    return Raw(array, np.array(present if present is not None else [True] * len(values), bool))


def test_white_space_around_a_word_does_not_make_another_word() -> None:
    found = cells(raw([" Private", "Private ", "\tPrivate", "Private"]))
    assert found.words == ["Private"]
    assert found.codes.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("word", ["", " ", "NA", "n/a", "null", "None", "NaN", "?", " ?", "-", ".", "#N/A", "missing"])
def test_spellings_of_missing_count_as_missing_among_inputs(word: str) -> None:
    assert cells(raw([word, "x"])).codes.tolist() == [-1, 0]


@pytest.mark.parametrize("word", ["none", "-", ".", "missing", "nil"])
def test_spellings_that_can_be_answers_are_answers_in_a_target(word: str) -> None:
    assert cells(raw([word, "x"]), strict=True).words == [word, "x"]


def test_what_the_source_calls_absent_is_missing_whatever_stands_there() -> None:
    found = cells(raw(["a", "b", None], [False, True, False]))
    assert found.words == ["b"]
    assert found.codes.tolist() == [-1, 0, -1]


def test_values_equal_in_python_but_not_in_writing_stay_apart() -> None:
    assert cells(raw([1, True, 1.5, "1"])).words == ["1", "True", "1.5"]


def test_values_of_every_type_have_a_spelling() -> None:
    assert word_of(np.float64(2.0)) == "2"
    assert word_of(b"caf\xc3\xa9") == "café"
    assert word_of(decimal.Decimal("1.50")) == "1.50"
    assert word_of(datetime.date(2024, 1, 2)) == "2024-01-02"
    assert cells(raw([[1], [1], {}])).words == ["[1]", "{}"]
    assert word_of(1e300) == "1e+300"


def test_typed_arrays_are_spelled_as_a_file_would() -> None:
    floats = Raw(np.array([1.0, np.nan, 2.5]), np.ones(3, bool))
    assert cells(floats).words == ["1", "2.5"]
    assert cells(floats).codes.tolist() == [0, -1, 1]
    truths = Raw(np.array([True, False]), np.ones(2, bool))
    assert cells(truths).words == ["False", "True"]


def test_spreading_gives_each_row_the_value_of_its_word() -> None:
    found = cells(raw(["b", "", "a", "b"]))
    assert found.spread(np.array([10, 20]), -1).tolist() == [10, -1, 20, 10]
    own = cells(raw(["b", "a"]))
    assert own.spread(np.array([10, 20]), -1).tolist() == [10, 20]
    assert cells(raw([""])).spread(np.zeros((0, 3)), 7).tolist() == [[7, 7, 7]]
