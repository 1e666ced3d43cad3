"""Equal rows get equal keys, whatever their type, order or process."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from glia.core.raw import Origin, Raw, RawTable
from glia.table.duplicates import content_hashes, duplicate_keys, factorize


def raw(values, present=None) -> Raw:
    values = np.asarray(values)
    return Raw(values, np.ones(len(values), bool) if present is None else np.asarray(present, bool))


def table(**columns) -> RawTable:
    made = {name: value if isinstance(value, Raw) else raw(value) for name, value in columns.items()}
    return RawTable(made, Origin("made", "array"))


cells = st.tuples(st.sampled_from([None, "a", "b", ""]), st.sampled_from([None, 0.0, 1.5]), st.integers(0, 1))


@given(st.lists(cells, max_size=40))
def test_keys_are_equal_exactly_where_rows_are(rows):
    words, numbers, whole = [list(column) for column in zip(*rows)] or [[], [], []]
    made = table(
        word=raw(np.array(words, object), [word is not None for word in words]),
        number=raw(np.array([np.nan if x is None else x for x in numbers], float)),
        whole=raw(np.array(whole, np.int64)),
    )
    order = {row: i for i, row in enumerate(dict.fromkeys(rows))}
    assert duplicate_keys(made, ["word", "number", "whole"]).tolist() == [order[row] for row in rows]


def test_missing_equals_missing_whatever_lies_beneath():
    numbers = raw([1.0, 2.0, np.nan], [False, False, True])
    dates = raw(np.array(["NaT", "2020-01-01", "2021-01-01"], "M8[us]"), [True, False, False])
    assert duplicate_keys(table(a=numbers, b=dates), ["a", "b"]).tolist() == [0, 0, 0]


def test_numbers_count_by_value_and_large_whole_numbers_stay_apart():
    assert (content_hashes(table(a=[0, 1])) == content_hashes(table(a=[-0.0, 1.0]))).all()
    assert (content_hashes(table(a=[0, 1])) == content_hashes(table(a=[False, True]))).all()
    assert len(set(content_hashes(table(a=np.array([2**60, 2**60 + 1]))).tolist())) == 2


def test_only_named_columns_count_and_their_names_do():
    made = table(a=[1, 1, 2], b=[1, 2, 1])
    assert duplicate_keys(made, ["a"]).tolist() == [0, 0, 1]
    assert duplicate_keys(made, []).tolist() == [0, 0, 0]
    assert duplicate_keys(made, ["a", "b"]).tolist() == [0, 1, 2]
    assert (content_hashes(made, ["a", "b"]) == content_hashes(made, ["b", "a"])).all()
    swapped = content_hashes(made)
    assert swapped[1] != swapped[2]  # (1, 2) is not (2, 1)


def test_hashes_are_the_same_in_another_process():
    code = (
        "import numpy as np; from glia.core.raw import *; from glia.table.duplicates import content_hashes;"
        "v = np.array(['a', 'b'], object);"
        "print(content_hashes(RawTable({'w': Raw(v, np.ones(2, bool))}, Origin('', ''))).tolist())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(content_hashes(table(w=np.array(["a", "b"], object))).tolist())


def test_factorizing_gives_codes_of_present_values():
    codes, distinct = factorize(raw(np.array(["b", "a", "b", ""], object), [True, True, True, False]))
    assert codes.tolist() == [0, 1, 0, -1]
    assert distinct.tolist() == ["b", "a"]
    codes, distinct = factorize(raw([2.0, np.nan, 1.0]))
    assert codes.tolist() == [1, -1, 0]
    assert distinct.tolist() == [1.0, 2.0]


def test_rows_that_were_taken_bring_their_hashes_along() -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (9, 4, 4)).astype(np.uint8)
    whole = Raw(pictures, np.array([True] * 8 + [False]))
    table = RawTable({"image": whole}, Origin("made", "array"))
    fresh = RawTable({"image": Raw(pictures[[8, 2, 5]], whole.present[[8, 2, 5]])}, Origin("made", "array"))
    content_hashes(table)
    taken = table.take(np.array([8, 2, 5]))
    assert "_hashes" in vars(taken["image"])
    assert content_hashes(taken).tolist() == content_hashes(fresh).tolist()
