"""What column kinds of long texts and of sounds must do, whoever wrote them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from glia.columns import columns
from glia.columns._sounds import as_wav
from glia.core.parts import Column, Guess
from glia.core.raw import Raw

KINDS = ("audio", "prose")
N = 40


def sample(kind: str, seed: int = 0) -> Raw:
    g = np.random.default_rng(seed)
    values = np.empty(N, object)
    for at in range(N):
        if kind == "audio":
            values[at] = as_wav(0.3 * np.sin(np.arange(1600) * (0.05 + 0.01 * at)) * g.random(), 8000)
        else:
            words = g.choice(["a", "film", "of", "great", "and", "bad", "actors", "who", "never", "laugh"], 12)
            values[at] = " ".join(words.tolist())
    return Raw(values, np.ones(N, bool))


def learned(kind: str, raw: Raw) -> Column:
    column = columns.get(kind)("x")
    column.learn(raw)
    return column


def same(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    """Whether values are equal, but for padding behind texts."""
    for name, one in left.items():
        other = right[name]
        width = min(one.shape[-1], other.shape[-1])
        if one[..., width:].any() or other[..., width:].any() or one.dtype != other.dtype:
            return False
        if not np.allclose(one[..., :width], other[..., :width], atol=1e-5):
            return False
    return left.keys() == right.keys()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_kind_is_surest_of_its_own_values(kind: str) -> None:
    guesses = {other: columns.get(other).recognize(sample(kind)) for other in columns.names()}
    assert all(isinstance(guess, Guess) and 0 <= guess.confidence <= 1 and guess.reason for guess in guesses.values())
    assert max(guesses, key=lambda other: guesses[other].confidence) == kind


def test_encoded_rows_are_what_their_specs_say(kind: str) -> None:
    raw = sample(kind)
    column = learned(kind, raw)
    specs, groups = column.specs(), column.encode(raw)
    assert specs.keys() == groups.keys()
    for name, spec in specs.items():
        assert str(groups[name].dtype) == spec.dtype
        wanted = zip(groups[name].shape[1:], spec.size)
        assert all(size is None or size == found for found, size in wanted)
        assert spec.names == ("x",)
        if spec.classes:
            assert groups[name].max() < spec.cardinalities[0]
        else:
            assert len(spec.center) == len(spec.spread) == spec.size[0]


def test_a_row_is_encoded_alike_alone_and_among_others(kind: str) -> None:
    raw = sample(kind)
    column = learned(kind, raw)
    whole = column.encode(raw)
    for row in (0, 7, N - 1):
        alone = column.encode(raw.take(np.array([row])))
        assert same(alone, {name: values[[row]] for name, values in whole.items()})


def test_what_is_learned_survives_json_and_encoding_teaches_nothing(kind: str) -> None:
    column, later = learned(kind, sample(kind)), sample(kind, seed=1)
    before = json.dumps(column.state(), allow_nan=False)
    copy = columns.get(kind)("x")
    copy.restore(json.loads(before))
    assert copy.specs() == column.specs()
    assert same(copy.encode(later), column.encode(later))
    column.summarize(later)
    column.review(later)
    assert json.dumps(column.state(), allow_nan=False) == before


def test_rows_of_nothing_are_read_and_learned_from(kind: str) -> None:
    nothing = Raw(np.full(3, None, object), np.zeros(3, bool))
    empty = Raw(np.zeros(0, object), np.zeros(0, bool))
    column = learned(kind, sample(kind))
    for raw in (nothing, empty):
        assert all(len(values) == len(raw) and np.isfinite(values).all() for values in column.encode(raw).values())
        assert learned(kind, raw).encode(sample(kind)).keys() == column.specs().keys()


def test_a_sketch_has_a_fixed_size_and_no_order_of_rows(kind: str) -> None:
    raw = sample(kind)
    column = learned(kind, raw)
    sketch = column.summarize(raw)
    mixed = column.summarize(raw.take(np.random.default_rng(0).permutation(N)))
    few = column.summarize(raw.take(np.arange(3)))
    for name, values in sketch.items():
        assert values.dtype in (np.float32, np.int64)
        assert np.allclose(values, mixed[name])
        assert values.shape == few[name].shape
