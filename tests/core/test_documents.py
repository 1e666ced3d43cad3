"""JSON: exact out, strict in."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glia.core.documents import MOST_LEVELS, dumps, loads, plain
from glia.core.errors import BundleError, DataError
from glia.core.store import read_json, write_json

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
documents = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(documents)
def test_what_was_written_comes_back_exactly(document):
    assert json.dumps(loads(dumps(document))) == json.dumps(document)


def test_half_a_character_survives(tmp_path):
    write_json(tmp_path / "a", {"file": "\udcff"})
    assert read_json(tmp_path / "a") == {"file": "\udcff"}


def test_arrays_and_numbers_of_numpy_are_plain_numbers():
    found = plain({"a": np.float32(0.1), "b": np.arange(2), "c": (np.int64(3),), 4: np.bool_(True)})
    assert found == {"a": float(np.float32(0.1)), "b": [0, 1], "c": [3], "4": True}


def test_numbers_that_are_not_finite_are_written_as_null():
    assert plain([float("nan"), float("-inf"), np.float32("inf"), np.array([np.nan])]) == [
        None,
        None,
        None,
        [None],
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a": 1, "a": 2}', "'a' occurs twice"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b"[1e999]", "too large"),
        (b"[" * 100_000, "nested"),
        (b"[" * 100_000 + b"]" * 100_000, "nested"),
        (b"[" * (MOST_LEVELS + 1) + b"]" * (MOST_LEVELS + 1), "nested"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "nested"),
        (b"\xff\xfe", "UTF-8"),
        (b"", "not JSON"),
        (b"[1] [2]", "not JSON"),
        (b"[" + b"9" * 5000 + b"]", "digits"),
        (b"\x80\x04\x95.", "UTF-8"),
    ],
)
def test_a_strangers_document_is_refused_plainly(tmp_path, data, said):
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(BundleError, match=said) as caught:
        read_json(path, BundleError)
    assert caught.value.code == "bad_json"
    assert caught.value.file == str(path)


def test_the_line_of_a_syntax_error_is_told(tmp_path):
    (tmp_path / "a").write_text('{\n"a": 1,\n}')
    with pytest.raises(DataError) as caught:
        read_json(tmp_path / "a")
    assert caught.value.line == 3


def test_a_document_of_the_deepest_level_allowed_is_read():
    assert loads(b"[" * MOST_LEVELS + b"]" * MOST_LEVELS)


def test_large_documents_and_things_that_are_no_files_are_refused_before_reading(tmp_path):
    (tmp_path / "large").write_bytes(b" " * 2000)
    with pytest.raises(DataError, match="2,000 bytes, at most 1,000"):
        read_json(tmp_path / "large", most=1000)
    with pytest.raises(DataError, match="not a file"):
        read_json(tmp_path)
    with pytest.raises(DataError, match="not_found"):
        read_json(Path(tmp_path, "nowhere"))
