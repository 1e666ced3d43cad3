from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from glia.columns.prose import Prose
from glia.columns.text import Text
from glia.core.errors import DataError
from glia.core.raw import Raw

LINES = ["the film was good and long", "the film was bad, and not long", "a good one", ""]


def raw(*values: str) -> Raw:
    return Raw(np.array(values, dtype=object), np.ones(len(values), bool))


def learned(*values: str, level: str | None = None, role: str = "input") -> Prose:
    column = Prose("x", role)
    column.level = level
    column.learn(raw(*values))
    return column


def words(column: Prose, codes: np.ndarray) -> list[str]:
    return [column.tokens.labels[code] for code in codes.tolist() if code]


def copied(column: Prose) -> Prose:
    copy = Prose("x", column.role)
    copy.restore(json.loads(json.dumps(column.state(), allow_nan=False)))
    return copy


def test_words_keep_their_order_and_unknown_ones_have_a_code_of_their_own() -> None:
    column = learned(*LINES)
    codes = column.encode(raw("a GOOD, terrible film"))["token"]
    assert codes.dtype == np.int32
    assert words(column, codes[0]) == ["a", "good", ",", "(unknown)", "film"]


@pytest.mark.parametrize("level", ["word", "piece", "character"])
def test_rows_are_encoded_alike_alone_and_among_others_and_after_json(level: str) -> None:
    column = learned(*LINES, level=level)
    later = raw("a good film", "", "bad 💥 films", "the the the the the")
    whole = column.encode(later)["token"]
    assert (copied(column).encode(later)["token"] == whole).all()
    assert copied(column).specs() == column.specs()
    for row in range(4):
        alone = column.encode(later.take(np.array([row])))["token"][0]
        assert (alone == whole[row][: len(alone)]).all()
        assert (whole[row][len(alone) :] == 0).all()


@pytest.mark.parametrize("level", ["word", "piece", "character"])
def test_nothing_is_one_unknown_code_and_never_only_padding(level: str) -> None:
    column = learned(*LINES, level=level)
    for text in ("", "   ", "\x00", "N/A"):
        codes = column.encode(raw(text))["token"]
        assert codes.shape == (1, 1) or level != "word"
        assert codes[0, 0] != 0
    assert column.encode(raw())["token"].shape[0] == 0


@pytest.mark.parametrize(
    "text",
    ["naïve — “quotes”", "שלום עולם", "日本語のテキスト", "👩‍👩‍👧 💥", "tab\tand  spaces", "(end) (padding)", "ﬁne Å"],
)
@pytest.mark.parametrize("level", ["piece", "character"])
def test_every_answer_comes_back_as_it_was(text: str, level: str) -> None:
    import unicodedata

    column = learned(text, *LINES[:3], level=level, role="target")
    codes = column.encode(raw(text))["target"]
    assert codes[0, 0] == 2
    assert 3 in codes[0]
    assert column.decode(codes).tolist() == [unicodedata.normalize("NFC", text)]


def test_what_is_after_the_end_is_not_said() -> None:
    column = learned("one two", "two", role="target")
    codes = column.encode(raw("one two", "two"))["target"]
    wider = np.concatenate([codes, np.full((2, 3), 9)], axis=1)
    assert column.decode(wider).tolist() == ["one two", "two"]


def test_a_mark_written_in_a_text_is_no_mark() -> None:
    for level in ("word", "piece", "character"):
        column = learned("(end) (padding) (start) [x]", *LINES, level=level)
        codes = column.encode(raw("(end)(start)"))["token"][0]
        assert not {2, 3} & set(codes.tolist())


def test_an_answer_that_is_missing_is_refused_by_row() -> None:
    column = learned(*LINES[:3], role="target")
    with pytest.raises(DataError) as caught:
        column.encode(raw("fine", ""))
    assert caught.value.code == "target_missing"
    assert caught.value.row == 1


def test_a_text_of_a_million_letters_costs_no_more_than_what_is_read_of_it() -> None:
    column = learned(*LINES, "word " * 200_000)
    assert column.longest <= 512
    began = time.perf_counter()
    codes = column.encode(raw("x" * 1_000_000, "good " * 200_000))["token"]
    assert time.perf_counter() - began < 1
    assert codes.shape[1] <= 512


def test_unicode_forms_and_control_characters_make_no_difference_to_words() -> None:
    column = learned("cafe\u0301 ｇｏｏｄ", "café good")
    assert words(column, column.encode(raw("café\x00 GOOD\x07"))["token"][0]) == ["café", "good"]


def test_vowel_signs_stay_with_their_letters() -> None:
    column = learned("हिन्दी भाषा", "भाषा हिन्दी")
    assert set(column.tokens.labels[4:]) == {"हिन्दी", "भाषा"}


@pytest.mark.parametrize(
    ("texts", "level"),
    [
        (["one two three four five six"] * 30 + ["two five"] * 9, "word"),
        (["".join("ACGT"[(i * j) % 4] for j in range(60 + i % 7)) for i in range(40)], "character"),
        ([f"word{i}a word{i}b word{i}c word{i}d" for i in range(60)], "piece"),
    ],
)
def test_the_level_follows_the_data(texts: list[str], level: str) -> None:
    column = learned(*texts)
    assert column.tokens.level == level
    assert column.reason.startswith("read as ")


def test_long_texts_are_prose_and_short_ones_stay_bags_of_words() -> None:
    long = raw(*(f"this is a review number {i} of a film that I saw twice" for i in range(30)))
    short = raw(*(f"The Title {i}" for i in range(30)))
    keys = raw(*(f"{i * 7919:064x}" for i in range(30)))
    assert Prose.recognize(long).confidence > Text.recognize(long).confidence
    assert Prose.recognize(short).confidence < Text.recognize(short).confidence
    assert Prose.recognize(keys).confidence < 0.5
    assert Prose.recognize(Raw(np.array([Path("a.wav")] * 3, dtype=object), np.ones(3, bool))).confidence == 0
    assert Prose.recognize(Raw(np.arange(3.0), np.ones(3, bool))).confidence == 0


def test_later_texts_that_differ_are_told_with_their_row() -> None:
    column = learned(*("the film was good and long" for _ in range(20)))
    foreign = raw("the film was good", *("der Film war ganz hervorragend" for _ in range(5)))
    (note,) = column.review(foreign)
    assert (note.code, note.evidence["row"], note.severity) == ("unknown_words", 1, "note")
    long = raw("good", *("film " * 100 for _ in range(5)))
    assert [found.code for found in column.review(long)] == ["long_texts"]
    assert [found.code for found in column.review(raw(""))] == ["newly_missing"]


def test_a_sketch_has_a_fixed_size_and_no_order_of_rows() -> None:
    column = learned(*LINES)
    one, other = column.summarize(raw(*LINES)), column.summarize(raw(*LINES[::-1]))
    few = column.summarize(raw("film"))
    for name, values in one.items():
        assert (values == other[name]).all()
        assert values.shape == few[name].shape
    assert one["missing"].tolist() == [0.25]


def test_corrupted_texts_are_read_otherwise_about_as_often_as_asked() -> None:
    column = learned(*("the quick brown fox jumps over the lazy dog" for _ in range(3)))
    rows = raw(*(f"the quick brown fox {i}" for i in range(200)))
    worse = column.corrupt(rows, 0.5, np.random.default_rng(0))
    changed = np.mean([a != b for a, b in zip(rows.values, worse.values)])
    assert 0.2 < changed < 0.6
    same = column.corrupt(rows, 0.0, np.random.default_rng(0))
    assert (same.values == rows.values).all()


def test_halves_of_characters_do_not_break_the_library() -> None:
    for level in ("word", "piece", "character"):
        column = learned("a \ud800 b", "a b", level=level)
        assert column.encode(raw("\udfff a"))["token"].shape[0] == 1


def test_film_reviews_are_read_as_words_in_a_second(shared: Path) -> None:
    lines = (shared / "movie-reviews-mr" / "rt-polarity.pos").read_text("latin1").split("\n")[:-1]
    rows = raw(*lines)
    column = Prose("x")
    began = time.perf_counter()
    column.learn(rows)
    column.encode(rows)
    assert time.perf_counter() - began < 5
    assert column.tokens.level == "word"
    assert 40 <= column.longest <= 80
