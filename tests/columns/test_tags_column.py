"""Labels of words: read, aligned with their text, and refused where they do not fit it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from glia.columns._refuse import RowError
from glia.columns.prose import Prose
from glia.columns.tags import Tags
from glia.core.errors import DataError, UsageError
from glia.core.raw import Origin, Raw, RawTable
from glia.table.question import ask
from glia.table.schema import Schema


def raw(*values: str | None) -> Raw:
    return Raw(np.array(values, dtype=object), np.array([value is not None for value in values]))


def table(**columns: Raw) -> RawTable:
    return RawTable(columns, Origin("made", "array"))


def made(text: Raw, tags: Raw, **more: Raw) -> tuple[Schema, RawTable]:
    whole = table(text=text, tags=tags, **more)
    question = ask(whole, "tags", "tag")
    schema = Schema.infer(whole, targets=["tags"], task="tag", text=question.text)
    schema.compare(whole)
    schema.learn(whole)
    return schema, whole


def test_labels_are_read_from_words_and_from_json_alike() -> None:
    tags = Tags("tags", "target")
    rows = raw("O  B-PER", '["O", "B-PER", "O"]')
    tags.learn(rows)
    assert tags.classes == ("B-PER", "O")
    assert tags.encode(rows)["target"].tolist() == [[2, 1, 0], [2, 1, 2]]
    assert tags.decode(tags.encode(rows)["target"]).tolist() == ["O B-PER", "O B-PER O"]
    copy = Tags("tags", "target")
    copy.restore(json.loads(json.dumps(tags.state())))
    assert copy.specs() == tags.specs()


@pytest.mark.parametrize(
    ("cell", "code"), [('["a b"]', "bad_tags"), ('["a", ""]', "bad_tags"), (None, "target_missing")]
)
def test_what_is_no_row_of_labels_is_refused_with_its_row(cell: str | None, code: str) -> None:
    with pytest.raises(RowError) as error:
        Tags("tags", "target").learn(raw("O", cell))
    assert (error.value.code, error.value.row) == (code, 1)


def test_a_label_never_seen_is_refused_and_the_nearest_named() -> None:
    tags = Tags("tags", "target")
    tags.learn(raw("O B-PER"))
    with pytest.raises(RowError, match=r"B-PRE.*B-PER") as error:
        tags.encode(raw("O", "B-PRE"))
    assert error.value.code == "unseen_label"


@pytest.mark.parametrize(
    "text", ["U.N. in  Geneva (today).", "a\x00b c", "x \x01 y", "¨ c", "don't stop-it 3,000\tx", "Ⅳ ﬁ ½"]
)
def test_every_word_between_spaces_has_one_code_whatever_it_is_made_of(text: str) -> None:
    words = text.split()
    schema, whole = made(raw(text, "one two"), raw(" ".join("ABCDEFG"[: len(words)]), "A B"))
    token, target = schema.encode(whole)["token"], schema.encode(whole, "target")["target"]
    assert (token[0] != 0).sum() == len(words) == (target[0] != 0).sum()


def test_words_that_look_like_nothing_are_words_where_they_are_labeled() -> None:
    schema, whole = made(raw("-", "none", "a b"), raw("X", "X", "X Y"))
    codes = schema.encode(whole)["token"]
    assert (codes != 0).sum(1).tolist() == [1, 1, 2]


def test_new_words_are_known_by_their_shape_and_capitals_count() -> None:
    text = Prose("text")
    text.word_by_word()
    text.learn(raw("Anna came", "Anna left", "Paul came", "Olga walked", "we talked"))
    code = {label: at for at, label in enumerate(text.tokens.labels)}
    assert text.encode(raw("Anna Came Ines jumped"))["token"].tolist() == [
        [code["Anna"], code["came"], code["(Xx)"], code["(x-ed)"]]
    ]


def test_more_labels_than_words_are_refused_with_row_and_cure() -> None:
    with pytest.raises(DataError) as error:
        made(raw("a b c", "d e"), raw("X Y X", "X Y X"))
    assert error.value.code == "tags_mismatch"
    assert "row 2" in str(error.value)
    assert "3 labels for 2 words of 'text'" in str(error.value)


def test_later_rows_are_held_to_the_same() -> None:
    schema, _ = made(raw("a b c", "d e"), raw("X Y X", "X Y"))
    with pytest.raises(DataError, match="2 labels for 1 word of"):
        schema.match(table(text=raw("a"), tags=raw("X Y")), needs_target=True)


def test_labels_belong_to_the_text_that_has_as_many_words() -> None:
    note = raw("a long remark about the first of all rows", "and one about the second row, too")
    schema, _ = made(raw("a b c", "d e"), raw("X Y X", "X Y"), note=note)
    assert schema.columns["tags"].about == "text"
    assert schema.columns["text"].level == "spaced"


def test_a_column_with_a_label_for_each_word_is_recognized() -> None:
    draw = np.random.default_rng(0)
    lengths = draw.integers(2, 9, 60)
    words = raw(*(" ".join(draw.choice(["sun", "rain", "old", "new"], n)) for n in lengths))
    tags = raw(*(" ".join(draw.choice(["N", "A"], n)) for n in lengths))
    assert ask(table(words=words, pos=tags), "pos").task == "tag"
    other = raw(*(" ".join(draw.choice(["N", "A"], n + 1)) for n in lengths))
    with pytest.raises(DataError, match="labels are different"):
        ask(table(words=words, pos=other), "pos")


def test_a_table_without_a_text_has_nothing_to_label() -> None:
    with pytest.raises(UsageError) as error:
        ask(table(size=Raw(np.arange(2.0), np.ones(2, bool)), tags=raw("X", "Y")), "tags", "tag")
    assert error.value.code == "no_text"


def test_short_texts_are_prose_where_they_are_translated_or_labeled() -> None:
    pairs = table(de=raw("ein Hund", "das Haus"), en=raw("a dog", "the house"))
    question = ask(pairs, "en", "translate")
    schema = Schema.infer(pairs, targets=["en"], task="translate", text=question.text)
    assert [one.kind for one in schema.columns.values()] == ["prose", "prose"]
    schema.learn(pairs)
    assert set(schema.specs()) == {"token"}


def test_why_a_text_is_read_as_it_is_stands_among_the_reasons() -> None:
    schema, _ = made(raw("a b c", "d e"), raw("X Y X", "X Y"))
    assert "read as words: each is asked for its label" in schema.reasons["text"]
    again = Schema.restored(schema.state())
    assert again.reasons == schema.reasons
