from __future__ import annotations

import numpy as np

from glia.columns.id import Id
from glia.columns.text import Text
from glia.core.raw import Raw


def raw(*values: str) -> Raw:
    return Raw(np.array(values, dtype=object), np.ones(len(values), bool))


def learned(*values: str) -> Text:
    column = Text("x")
    column.learn(raw(*values))
    return column


def test_words_are_those_of_most_training_rows_and_no_more_than_256() -> None:
    column = learned(*(f"common word{at % 300:03} word{at % 300:03}" for at in range(900)))
    assert len(column.words) <= 256
    assert "common" in column.words


def test_a_word_of_one_row_is_not_learned() -> None:
    assert learned("red car", "red bus", "blue").words == ("red",)


def test_letters_and_digits_are_words_of_their_own() -> None:
    column = learned("C85", "C123", "E46", "E46")
    assert column.words == ("46", "c", "e")


def test_bags_have_length_one_and_count_words() -> None:
    column = learned("a b", "b a")
    np.testing.assert_allclose(column.encode(raw("a a b"))["dense"], [[2 / 5**0.5, 1 / 5**0.5]], rtol=1e-6)
    assert column.encode(raw("nothing known"))["dense"].tolist() == [[0.0, 0.0]]


def test_text_without_a_common_word_gives_no_feature() -> None:
    column = learned("one", "two")
    assert column.specs() == {}
    assert column.encode(raw("one")) == {}


def test_sketches_count_rows_with_each_word() -> None:
    column = learned("a b", "a", "b")
    sketch = column.summarize(raw("a a", "a", "b", ""))
    assert sketch["rows"].tolist() == [2, 1]
    assert sketch["missing"].tolist() == [0.25]


def test_numbers_are_ids_only_where_they_count_the_rows() -> None:
    there = np.ones(100, bool)
    shuffled = np.random.default_rng(0).permutation(100)
    assert Id.recognize(Raw(shuffled, there)).confidence > 0.9
    assert Id.recognize(Raw(shuffled + 1900, there)).confidence == 0
    assert Id.recognize(Raw(shuffled * 2, there)).confidence == 0
    assert Id.recognize(Raw(shuffled[:5], there[:5])).confidence == 0
