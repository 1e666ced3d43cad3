from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from glia.core.errors import DataError, UsageError
from glia.core.raw import Origin, Raw, RawTable
from glia.sources import read
from glia.table.passages import Passages, passages


def corpus(text: str) -> RawTable:
    lines = np.array(text.split("\n"), dtype=object)
    return RawTable({"text": Raw(lines, np.ones(len(lines), bool))}, Origin("made", "corpus"))


TEXT = "\n".join(f"line {i} of a made text, {i * i} in all" for i in range(300))


def test_training_passages_are_views_and_begin_at_every_code() -> None:
    found = passages(corpus(TEXT), length=20)
    train = found.inputs["train"]["token"]
    assert train.strides[0] == train.strides[1]
    assert (train[1:, :-1] == train[:-1, 1:]).all()
    assert found.column.decode(train[:1])[0] == TEXT[:21]


def test_passages_that_judge_ask_for_every_code_once() -> None:
    found = passages(corpus(TEXT), length=20)
    test = found.inputs["test"]["token"]
    said = "".join(found.column.decode(test[:, 1:]))
    assert said in TEXT
    assert (test[1:, 0] == test[:-1, -1]).all()


def test_parts_follow_one_another_and_only_the_first_teaches_letters() -> None:
    text = "abab" * 100 + "c" * 40 + "d" * 40
    found = passages(corpus(text), length=8, split="0.8334,0.0833,0.0833")
    assert found.column.tokens.labels[4:] == ("a", "b")
    assert set(np.unique(found.inputs["test"]["token"])) == {1}


def test_truth_counts_codes_and_the_characters_they_spell() -> None:
    found = passages(corpus(TEXT + "é漢" * 50), length=16, level="piece")
    for part in ("valid", "test"):
        rows = found.inputs[part]["token"]
        spelled = [len(text) for text in found.column.decode(rows[:, 1:])]
        # A first space is not said, and a character cut in two is counted where it begins.
        assert np.abs(found.truth[part][:, 1] - spelled).max() <= 2
        assert (found.truth[part][:, 0] == 16).all()


def test_the_column_survives_json() -> None:
    found = passages(corpus(TEXT), length=20, level="piece")
    column = Passages.column_of(json.loads(json.dumps(found.state())))
    assert column.specs() == found.column.specs()
    assert column.decode(found.inputs["test"]["token"][:1]) == found.column.decode(found.inputs["test"]["token"][:1])


def test_what_cannot_be_cut_is_refused() -> None:
    with pytest.raises(DataError, match="too_short"):
        passages(corpus("short"), length=20)
    for split in ("half", "1,0,0", "0.5,0.5"):
        with pytest.raises(UsageError, match="bad_split"):
            passages(corpus(TEXT), split=split)
    with pytest.raises(UsageError, match="bad_level"):
        passages(corpus(TEXT), level="sentence")


def test_shakespeare_is_cut_as_the_anchor_cuts_it(shared: Path) -> None:
    found = passages(read(str(shared / "tinyshakespeare" / "input.txt")), length=64, split="0.9,0.1,0")
    assert len(found.column.tokens.labels) == 4 + 65
    assert found.inputs["train"]["token"].shape == (1_003_790, 65)
    assert found.truth["valid"].sum(0).tolist() == [111_488, 111_488]


def test_words_are_small_and_in_their_order() -> None:
    found = passages(corpus("The Cat sat. the dog SAT.\n" * 80), length=6, level="word")
    labels = found.column.tokens.labels
    assert [labels[code] for code in found.inputs["train"]["token"][0]] == [
        "the",
        "cat",
        "sat",
        ".",
        "the",
        "dog",
        "sat",
    ]
