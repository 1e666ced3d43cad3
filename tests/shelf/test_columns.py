"""What every column kind must do, whoever wrote it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from glia.columns import columns
from glia.core.errors import DataError
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import derived

# test_picture_columns.py and test_sequence_columns.py hold these to the same promises.
ELSEWHERE = {"image", "mask", "boxes", "prose", "audio", "tags"}
KINDS = tuple(kind for kind in columns.names() if kind not in ELSEWHERE)
ASKABLE = [kind for kind in KINDS if columns.get(kind).askable]
N = 240


def text(*values: str) -> Raw:
    return Raw(np.array(values, dtype=object), np.ones(len(values), bool))


def sample(kind: str, *, gaps: bool = True, seed: int = 0) -> Raw:
    """Values that the kind recognizes as its own, as a text file holds them; every 20th is missing."""
    generator = np.random.default_rng(derived(seed, kind))
    draws = generator.integers(0, 1000, N).tolist()
    values = {
        "number": [f"{draw / 7:.3f}" for draw in draws],
        "category": [("red", "green", "blue", "violet")[draw % 4] for draw in draws],
        "boolean": ["yes" if draw % 2 else "No" for draw in draws],
        "date": [f"{2000 + draw % 20}-{1 + draw % 12:02}-{1 + draw % 28:02} {draw % 24:02}:30" for draw in draws],
        "text": [f"the {draw} of {draw % 13} very {draw % 3} words" for draw in draws],
        "id": [f"k{at:05}x" for at in range(N)],
        "constant": ["same"] * N,
    }[kind]
    if gaps and kind != "constant":
        values = ["" if at % 20 == 3 else value for at, value in enumerate(values)]
    return text(*values)


def learned(kind: str, raw: Raw, role: str = "input") -> Column:
    column = columns.get(kind)("x", role)
    column.learn(raw)
    return column


def same(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    return left.keys() == right.keys() and all(
        left[name].dtype == right[name].dtype and np.array_equal(left[name], right[name]) for name in left
    )


def test_the_shelf_holds_the_kinds_of_a_plain_table() -> None:
    assert set(KINDS) >= {"number", "category", "boolean", "date", "text", "id", "constant"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_surest_of_its_own_values(kind: str) -> None:
    guesses = {other: columns.get(other).recognize(sample(kind)) for other in KINDS}
    assert all(isinstance(guess, Guess) and 0 <= guess.confidence <= 1 and guess.reason for guess in guesses.values())
    assert max(guesses, key=lambda other: guesses[other].confidence) == kind, guesses


@pytest.mark.parametrize("kind", KINDS)
def test_encoded_rows_have_the_shape_and_type_their_specs_say(kind: str) -> None:
    raw = sample(kind)
    column = learned(kind, raw)
    specs, groups = column.specs(), column.encode(raw)
    assert specs.keys() == groups.keys()
    assert column.used == bool(specs)
    for name, spec in specs.items():
        assert groups[name].shape == (N, spec.width)
        assert str(groups[name].dtype) == spec.dtype
        assert len(spec.names) == spec.width
        assert np.isfinite(groups[name]).all()
        if spec.classes:
            assert groups[name].min() >= 0
            assert (groups[name].max(0) < spec.cardinalities).all()
        if spec.edges:
            assert all(len(edges) >= 2 and (np.diff(np.float32(edges)) > 0).all() for edges in spec.edges)
            assert all(len(edges) <= 97 for edges in spec.edges)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_encoded_alike_alone_and_among_others(kind: str) -> None:
    raw = sample(kind)
    column = learned(kind, raw)
    whole = column.encode(raw)
    for row in (0, 3, N - 1):
        alone = column.encode(raw.take(np.array([row])))
        assert same(alone, {name: values[[row]] for name, values in whole.items()})


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_learned_survives_json_and_encodes_exactly_alike(kind: str) -> None:
    column, later = learned(kind, sample(kind)), sample(kind, seed=1)
    copy = columns.get(kind)("x")
    copy.restore(json.loads(json.dumps(column.state(), allow_nan=False)))
    assert copy.specs() == column.specs()
    assert same(copy.encode(later), column.encode(later))
    assert same(copy.summarize(later), column.summarize(later))


@pytest.mark.parametrize("kind", KINDS)
def test_encoding_teaches_a_column_nothing(kind: str) -> None:
    column = learned(kind, sample(kind, gaps=False))
    before = json.dumps(column.state())
    column.encode(sample(kind, seed=1))
    column.summarize(text("something", "else", "", "9e99"))
    assert json.dumps(column.state()) == before


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_nonsense_and_of_nothing_are_encoded_all_the_same(kind: str) -> None:
    column = learned(kind, sample(kind))
    odd = text("", "N/A", "never seen before", "1e400", "-inf", "nan", "\x00", "💥" * 50, "0001", " ")
    for raw in (odd, text("", "?", "null"), Raw(np.array([], object), np.array([], bool))):
        groups = column.encode(raw)
        assert groups.keys() == column.specs().keys()
        assert all(len(values) == len(raw) and np.isfinite(values).all() for values in groups.values())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("values", [[""] * 5, []], ids=["nothing but gaps", "no rows"])
def test_a_column_can_learn_from_rows_without_a_value(kind: str, values: list[str]) -> None:
    column = learned(kind, text(*values))
    later = sample(kind)
    groups = column.encode(later)
    assert groups.keys() == column.specs().keys()
    assert all(np.isfinite(values).all() for values in groups.values())
    json.dumps(column.state(), allow_nan=False)


@pytest.mark.parametrize("kind", KINDS)
def test_values_of_another_type_do_not_break_a_column(kind: str) -> None:
    column = learned(kind, sample(kind))
    there = np.ones(3, bool)
    mixed = np.array([1, None, b"bytes"], dtype=object)
    nested = np.array([[1, 2], {"a": 1}, 3.5], dtype=object)
    for values in (
        np.array([1.5, np.nan, np.inf]),
        np.array([1, 2, -(2**62)]),
        np.array([True, False, True]),
        np.array(["2020-01-01", "NaT", "1700-01-01"], dtype="datetime64[us]"),
        mixed,
        nested,
    ):
        assert all(np.isfinite(one).all() for one in column.encode(Raw(values, there)).values())
        assert 0 <= columns.get(kind).recognize(Raw(values, there)).confidence <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_sketch_has_a_fixed_size_and_no_order_of_rows(kind: str) -> None:
    column, raw = learned(kind, sample(kind)), sample(kind, seed=1)
    sketch = column.summarize(raw)
    mixed = column.summarize(raw.take(np.random.default_rng(0).permutation(N)))
    assert same(sketch, mixed)
    few = column.summarize(raw.take(np.arange(7)))
    assert {name: values.shape for name, values in few.items()} == {
        name: values.shape for name, values in sketch.items()
    }
    assert all(values.dtype in (np.float32, np.int64) and np.isfinite(values).all() for values in sketch.values())


@pytest.mark.parametrize("kind", KINDS)
def test_corrupted_values_keep_their_number_and_can_be_encoded(kind: str) -> None:
    raw = sample(kind)
    column = learned(kind, raw)
    worse = column.corrupt(raw, 0.5, np.random.default_rng(0))
    assert len(worse) == N
    assert worse.present.shape == (N,)
    worse_groups = column.encode(worse)
    assert same(worse_groups, column.encode(worse))
    if column.used:
        hit = np.zeros(N, bool)
        for name, values in column.encode(raw).items():
            hit |= (values != worse_groups[name]).any(1)
        assert 0.15 < hit.mean() < 0.7
        assert same(column.encode(column.corrupt(raw, 0.0, np.random.default_rng(0))), column.encode(raw))


@pytest.mark.parametrize("kind", ASKABLE)
def test_answers_come_back_in_the_units_of_the_question(kind: str) -> None:
    raw = sample(kind, gaps=False)
    column = learned(kind, raw, "target")
    codes = column.encode(raw)["target"]
    assert codes.shape == (N, 1)
    assert str(codes.dtype) == column.specs()["target"].dtype
    answers = column.decode(codes[:, 0])
    if kind == "number":
        np.testing.assert_allclose(answers, raw.values.astype(float), rtol=1e-5, atol=1e-4)
        assert abs(codes.mean()) < 1e-4
        assert abs(codes.std() - 1) < 1e-4
    else:
        assert answers.tolist() == raw.values.tolist()
        assert column.specs()["target"].classes is not None
    assert same(column.encode(Raw(answers, raw.present)), {"target": codes})


@pytest.mark.parametrize("kind", ASKABLE)
@pytest.mark.parametrize(("value", "code"), [("purple-ish", ""), ("", "target_missing")])
def test_an_answer_that_cannot_be_read_is_refused_by_row(kind: str, value: str, code: str) -> None:
    column = learned(kind, sample(kind, gaps=False), "target")
    good = sample(kind, gaps=False).values.tolist()
    with pytest.raises(DataError) as caught:
        column.encode(text(*good[:4], value, *good[4:8]))
    assert caught.value.column == "x"
    assert caught.value.remedy
    assert caught.value.row == 4
    assert code in caught.value.code


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ASKABLE])
def test_a_kind_that_cannot_be_asked_for_says_so(kind: str) -> None:
    with pytest.raises(NotImplementedError, match="cannot be asked for"):
        columns.get(kind)("x").decode(np.zeros(1))
