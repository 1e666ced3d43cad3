"""Boxes survive being encoded; what is no box is refused by row."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glia.columns.boxes import Boxes
from glia.core.errors import DataError
from glia.core.raw import Raw

stretch = st.tuples(st.integers(0, 990), st.integers(10, 1000)).map(
    lambda at: (at[0] / 1000, min(at[0] + at[1], 1000) / 1000)
)
edges = st.tuples(stretch, stretch).map(lambda both: (both[0][0], both[1][0], both[0][1], both[1][1]))
box = st.builds(lambda label, edge: [label, *edge], st.sampled_from(["cat", "dog", "ünïcode, quoted"]), edges)


def raw(*rows: object) -> Raw:
    values = np.empty(len(rows), object)
    values[:] = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    return Raw(values, np.ones(len(rows), bool))


def learned(rows: Raw) -> Boxes:
    column = Boxes("boxes", "target")
    column.learn(rows)
    return column


@given(st.lists(st.lists(box, max_size=5), min_size=1, max_size=6))
def test_boxes_come_back_as_they_were(rows: list[list]) -> None:
    column = learned(raw(*rows))
    values = column.encode(raw(*rows))["target"]
    assert values.shape == (len(rows), max(1, *map(len, rows), 0), 5)
    assert values.dtype == np.float32
    back = [json.loads(text) for text in column.decode(values)]
    assert [[one[0] for one in row] for row in back] == [[one[0] for one in row] for row in rows]
    for row, same in zip(rows, back):
        np.testing.assert_allclose([one[1:] for one in same], [one[1:] for one in row], atol=1e-6)
    np.testing.assert_allclose(column.encode(raw(*column.decode(values)))["target"], values, atol=1e-6)


def test_padding_has_class_minus_one_and_later_rows_may_have_more_boxes() -> None:
    column = learned(raw([["a", 0, 0, 1, 1]], []))
    assert column.encode(raw([]))["target"].tolist() == [[[-1, 0, 0, 0, 0]]]
    assert column.encode(raw([["a", 0, 0, 1, 1]] * 3))["target"].shape == (1, 3, 5)
    assert column.specs()["target"].size == (1, 5)
    assert column.encode(raw())["target"].shape == (0, 1, 5)


@pytest.mark.parametrize(
    ("row", "code", "said"),
    [
        ([["a", 0.5, 0, 0.5, 1]], "bad_box", "no area"),
        ([["a", 0, 0.6, 1, 0.5]], "bad_box", "no area"),
        ([["a", 0, 0, 1.2, 1]], "bad_box", "reaches out"),
        ([["a", 10, 20, 100, 200]], "bad_box", "reaches out"),
        ([["a", 0, 0, 1]], "bad_box", "four edges"),
        ([["a", 0, 0, 1, None]], "bad_box", "four edges"),
        ('[["a", 0, 0, NaN, 1]]', "bad_box", "no area"),
        ("cat", "bad_box", "no list"),
        ('{"a": 1}', "bad_box", "no list"),
        ([["c", 0, 0, 1, 1]], "unseen_label", "'c'"),
    ],
)
def test_what_is_no_box_is_refused_by_row(row: object, code: str, said: str) -> None:
    column = learned(raw([["a", 0, 0, 1, 1]], [["b", 0, 0, 1, 1]]))
    with pytest.raises(DataError) as caught:
        column.encode(raw([], row))
    assert (caught.value.code, caught.value.row, caught.value.column) == (code, 1, "boxes")
    assert said in caught.value.text


def test_boxes_are_recognized_and_other_lists_are_not() -> None:
    assert Boxes.recognize(raw([["a", 0, 0, 1, 1]], [])).confidence > 0.9
    assert Boxes.recognize(raw("[1, 2]", "[3]")).confidence == 0
    assert Boxes.recognize(raw("a", "b")).confidence == 0
    assert Boxes.recognize(Raw(np.zeros(3), np.ones(3, bool))).confidence == 0


def test_what_is_learned_survives_json_and_sketches_have_one_size() -> None:
    column, copy = learned(raw([["a", 0, 0, 1, 1]], [["b", 0, 0, 0.5, 0.5]])), Boxes("boxes", "target")
    copy.restore(json.loads(json.dumps(column.state())))
    assert copy.specs() == column.specs()
    sketch = column.summarize(raw([["a", 0, 0, 1, 1], ["c", 0, 0, 1, 1]], []))
    assert sketch["classes"].tolist() == [1, 0]
    assert sketch["boxes"].sum() == 2
    assert {name: values.shape for name, values in sketch.items()} == {
        name: values.shape for name, values in column.summarize(raw([])).items()
    }
