"""A sample in one pass: every row as likely as any other, however the table is cut."""

from __future__ import annotations

import numpy as np

from glia.core.raw import Origin, Raw, RawTable
from glia.table.sample import drawn


def pieces(count: int, size: int) -> list[RawTable]:
    return [
        RawTable(
            {"a": Raw(np.arange(at, min(at + size, count)), np.ones(min(size, count - at), bool))}, Origin("m", "a")
        )
        for at in range(0, count, size)
    ]


def test_the_sample_does_not_depend_on_how_the_table_is_cut() -> None:
    found = [drawn(pieces(5000, size), 300, seed=1) for size in (7, 640, 5000)]
    for table, rows, count in found:
        assert count == 5000
        assert len(table) == 300
        np.testing.assert_array_equal(table["a"].values, rows)
        np.testing.assert_array_equal(rows, found[0][1])
        assert (np.diff(rows) > 0).all()
    assert not np.array_equal(drawn(pieces(5000, 640), 300, seed=2)[1], found[0][1])


def test_every_row_is_as_likely_as_any_other() -> None:
    hits = np.zeros(100)
    for seed in range(600):
        hits[drawn(pieces(100, 30), 20, seed)[1]] += 1
    expected, spread = 120.0, np.sqrt(600 * 0.2 * 0.8)
    assert np.abs(hits - expected).max() < 4.2 * spread
    assert abs(hits[:50].sum() - hits[50:].sum()) < 4 * spread * 10


def test_a_table_smaller_than_the_sample_is_taken_whole() -> None:
    table, rows, count = drawn(pieces(10, 4), 300, seed=0)
    assert len(table) == count == 10
    assert rows.tolist() == list(range(10))
