"""What every column kind of pictures and their answers must do, whoever wrote it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.sources.picture_files import encoded, pattern

from glia.columns import columns
from glia.core.parts import Column, Guess
from glia.core.raw import Raw

KINDS = ("boxes", "image", "mask")
ROLES = {"boxes": "target", "mask": "target", "image": "input"}
N = 12


def sample(kind: str, seed: int = 0) -> Raw:
    generator = np.random.default_rng(seed)
    values = np.empty(N, object)
    for at in range(N):
        if kind == "image":
            values[at] = encoded(pattern(seed * N + at))
        elif kind == "mask":
            values[at] = encoded((generator.random((24, 32)) < 0.5).astype(np.uint8) * 9)
        else:
            left, top = generator.random(2) / 2
            values[at] = json.dumps([["ab"[at % 2], left, top, left + 0.4, top + 0.3]] * (at % 3))
    return Raw(values, np.ones(N, bool))


def learned(kind: str, raw: Raw) -> Column:
    column = columns.get(kind)("x", ROLES[kind])
    column.learn(raw)
    return column


def same(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    return left.keys() == right.keys() and all(
        left[name].dtype == right[name].dtype and np.array_equal(left[name], right[name]) for name in left
    )


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def test_guesses_are_confidences_and_pictures_are_pictures_first(kind: str) -> None:
    guesses = {other: columns.get(other).recognize(sample(kind)) for other in columns.names()}
    assert all(isinstance(guess, Guess) and 0 <= guess.confidence <= 1 and guess.reason for guess in guesses.values())
    best = max(guesses, key=lambda other: guesses[other].confidence)
    assert best == ("image" if kind == "mask" else kind)


def test_no_kind_breaks_on_arrays_of_pictures(kind: str) -> None:
    for shape in ((3, 4, 5), (3, 4, 5, 3), (1, 1, 1)):
        guess = columns.get(kind).recognize(Raw(np.zeros(shape, np.uint8), np.ones(len(np.zeros(shape)), bool)))
        assert 0 <= guess.confidence <= 1
    for other in columns.names():
        columns.get(other).recognize(Raw(np.zeros((3, 4, 5), np.uint8), np.ones(3, bool)))


def test_encoded_rows_have_the_shape_and_type_their_specs_say(kind: str) -> None:
    raw = sample(kind)
    column = learned(kind, raw)
    specs, groups = column.specs(), column.encode(raw)
    assert specs.keys() == groups.keys()
    for name, spec in specs.items():
        assert groups[name].shape == (N, *spec.size)
        assert str(groups[name].dtype) == spec.dtype
        assert len(spec.axes) == len(spec.size)
        assert spec.names == ("x",)
    assert column.used


def test_a_row_is_encoded_alike_alone_and_among_others(kind: str) -> None:
    raw = sample(kind)
    column = learned(kind, raw)
    whole = column.encode(raw)
    for row in (0, 5, N - 1):
        assert same(column.encode(raw.take(np.array([row]))), {name: one[[row]] for name, one in whole.items()})


def test_what_is_learned_survives_json_and_encodes_exactly_alike(kind: str) -> None:
    column, later = learned(kind, sample(kind)), sample(kind, seed=1)
    copy = columns.get(kind)("x", ROLES[kind])
    copy.restore(json.loads(json.dumps(column.state(), allow_nan=False)))
    assert copy.specs() == column.specs()
    assert same(copy.encode(later), column.encode(later))
    assert same(copy.summarize(later), column.summarize(later))


def test_encoding_teaches_a_column_nothing(kind: str) -> None:
    column = learned(kind, sample(kind))
    before = json.dumps(column.state())
    column.encode(sample(kind, seed=1))
    column.summarize(sample(kind, seed=1))
    assert json.dumps(column.state()) == before


def test_a_column_can_learn_from_no_rows(kind: str) -> None:
    column = learned(kind, Raw(np.array([], object), np.array([], bool)))
    json.dumps(column.state(), allow_nan=False)
    assert column.specs()
    empty = column.encode(Raw(np.array([], object), np.array([], bool)))
    assert all(len(values) == 0 for values in empty.values())


def test_a_sketch_has_a_fixed_size_and_no_order_of_rows(kind: str) -> None:
    column, raw = learned(kind, sample(kind)), sample(kind, seed=1)
    sketch = column.summarize(raw)
    assert same(sketch, column.summarize(raw.take(np.random.default_rng(0).permutation(N))))
    few = column.summarize(raw.take(np.arange(3)))
    assert {name: one.shape for name, one in few.items()} == {name: one.shape for name, one in sketch.items()}
    assert all(values.dtype in (np.float32, np.int64) for values in sketch.values())
