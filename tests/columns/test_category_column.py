from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glia.columns.boolean import Boolean
from glia.columns.category import Category
from glia.core.errors import DataError
from glia.core.raw import Raw

WORDS = st.text(min_size=1, max_size=12).filter(lambda word: word.strip() == word)


def raw(values: list) -> Raw:
    array = np.empty(len(values), object)
    array[:] = values
    return Raw(array, np.ones(len(values), bool))


def learned(values: list, role: str = "target") -> Category:
    column = Category("x", role)
    column.learn(raw(values))
    return column


@given(st.lists(WORDS.map(lambda word: f"<{word}>"), min_size=1, max_size=20))
def test_any_label_comes_back_as_it_was(words: list[str]) -> None:
    column = learned(words)
    codes = column.encode(raw(words))["target"]
    assert column.decode(codes[:, 0]).tolist() == words
    assert sorted(set(words)) == list(column.classes)


def test_labels_that_are_numbers_stand_in_numeric_order() -> None:
    assert learned(["10", "9", "-1", "2"]).classes == ("-1", "2", "9", "10")
    assert learned(["10", "9", "b"]).classes == ("10", "9", "b")


def test_a_dot_makes_another_label_and_white_space_does_not() -> None:
    column = learned([" yes", "yes.", "yes "])
    assert column.classes == ("yes", "yes.")


def test_an_unseen_label_is_refused_with_the_likely_one() -> None:
    with pytest.raises(DataError, match=r"'<=50K\.' was never seen.*did you mean '<=50K'") as caught:
        learned([">50K", "<=50K"]).encode(raw([">50K", "<=50K."]))
    assert caught.value.code == "unseen_label"
    assert caught.value.row == 1


def test_one_and_one_point_zero_are_one_class() -> None:
    column = learned(["1", "0"])
    assert column.encode(Raw(np.array([1.0, 0.0]), np.ones(2, bool)))["target"].tolist() == [[1], [0]]
    assert column.encode(raw(["1.0", "0"]))["target"].tolist() == [[1], [0]]


@pytest.mark.parametrize("values", [np.array([3, 1, 2]), np.array([0.5, 1.0, 2.0]), np.array([True, False, True])])
def test_labels_come_back_in_the_type_they_had(values: np.ndarray) -> None:
    column = Category("x", "target")
    column.learn(Raw(values, np.ones(3, bool)))
    answers = column.decode(column.encode(Raw(values, np.ones(3, bool)))["target"][:, 0])
    assert answers.dtype == values.dtype
    assert answers.tolist() == values.tolist()


def test_rare_classes_share_the_code_of_unseen_ones() -> None:
    column = learned(["a"] * 10 + ["b"] * 10 + ["once"], "input")
    assert column.specs()["category"].classes == (("(missing)", "(unknown)", "a", "b"),)
    assert column.encode(raw(["once", "never", "", "b"]))["category"][:, 0].tolist() == [1, 1, 0, 3]
    (note,) = column.review(raw(["once", "b"]))
    assert note.severity == "note"


def test_no_more_than_a_thousand_classes_are_kept() -> None:
    column = learned([f"k{at % 1500:04}" for at in range(15000)] + ["k1499"] * 5, "input")
    assert len(column.classes) == 1000
    assert "k1499" in column.classes


def test_every_class_of_a_target_counts_however_rare() -> None:
    assert learned(["a"] * 100 + ["once"]).classes == ("a", "once")


def test_truths_are_read_in_any_spelling() -> None:
    column = Boolean("x")
    column.learn(raw(["Yes", "No", "Yes"]))
    assert column.specs()["category"].classes == (("(missing)", "(unknown)", "No", "Yes"),)
    codes = column.encode(raw(["no", "TRUE", "", "maybe", 1, 0, True]))["category"][:, 0]
    assert codes.tolist() == [2, 3, 0, 1, 3, 2, 3]


def test_one_truth_tells_how_the_other_is_spelled() -> None:
    for word, classes in (("YES", ("NO", "YES")), ("f", ("f", "t")), ("False", ("False", "True"))):
        column = Boolean("x")
        column.learn(raw([word]))
        assert column.classes == classes


def test_typed_truths_come_back_as_truths() -> None:
    values = np.array([True, False])
    column = Boolean("x", "target")
    column.learn(Raw(values, np.ones(2, bool)))
    assert column.decode(np.array([0, 1, 1])).tolist() == [False, True, True]
    column.learn(Raw(np.array([1, 0]), np.ones(2, bool)))
    assert column.decode(np.array([0, 1])).tolist() == [0, 1]


def test_numbers_where_truths_were_are_a_stop() -> None:
    column = Boolean("x")
    column.learn(raw(["yes", "no"]))
    assert column.review(raw(["3.5", "7", "no"]))[0].severity == "stop"
