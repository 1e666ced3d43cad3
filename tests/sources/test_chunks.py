"""Tables read in pieces are the tables that are read at once."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import numpy as np
import pytest

from glia.core.errors import DataError
from glia.core.raw import RawTable
from glia.sources import _duck, read
from glia.sources._chunks import chunked
from glia.table.sample import joined


def text(rows: int = 80_000) -> str:
    generator = np.random.default_rng(0)
    lines = ["size,name,note"]
    for at, value in enumerate(generator.normal(size=rows)):
        note = ['"two\nlines, one cell"', '""', "", 'a 5" pipe', '"he said ""no"""'][at % 5]
        lines.append(f"{value:.6f},n{at % 13},{note}")
    return "\n".join(lines) + "\n"


def same(one: RawTable, other: RawTable) -> None:
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name].present, other[name].present)
        np.testing.assert_array_equal(one[name].values, other[name].values)


@pytest.mark.parametrize("most", [900, 7_000, 100_000])
def test_delimited_text_in_pieces_is_the_text_read_at_once(tmp_path: Path, most: int) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text())
    chunks = chunked(path)
    assert chunks is not None
    pieces = list(chunks.each(most))
    assert len(pieces) == 1 if most == 100_000 else len(pieces) > 3
    same(joined(pieces), read(path))
    assert 0.5 < chunks.size / (80_000 * 3 * 150) < 2


def test_packed_text_and_a_byte_order_mark_make_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    rng = np.random.default_rng(0)
    lines = [f"{a!r};{b!r}" for a, b in rng.normal(size=(60_000, 2)).tolist()]
    path.write_bytes(gzip.compress(("\ufeffa;b\r\n" + "\r\n".join(lines)).encode()))
    chunks = chunked(path)
    assert chunks is not None
    same(joined(list(chunks.each(5_000))), read(path))


def test_parquet_in_pieces_is_the_file_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "rows[1].parquet"
    query = "SELECT i, i / 3.0 AS x, CASE WHEN i % 7 = 0 THEN NULL ELSE 'w' || i % 5 END AS w FROM range(30000) t(i)"
    duckdb.execute(f"COPY ({query}) TO '{tmp_path}/plain.parquet' (ROW_GROUP_SIZE 4096)")
    (tmp_path / "plain.parquet").rename(path)
    chunks = chunked(path)
    assert chunks is not None
    assert chunks.size == 30_000 * (40 + 40 + 150)
    same(joined(list(chunks.each(7_000))), read(path))


def test_a_long_query_draws_no_bar_into_what_programs_read() -> None:
    with _duck.connected() as connection:
        assert connection.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(False,)]


def test_sources_that_are_read_at_once_have_no_pieces(tmp_path: Path) -> None:
    small = tmp_path / "small.csv"
    small.write_text("a,b\n1,2\n")
    wide = tmp_path / "wide.csv"
    wide.write_text(text(), encoding="utf-16")
    assert chunked(small) is None
    assert chunked(wide) is None
    assert chunked("iris") is None
    assert chunked(np.zeros((3, 3))) is None


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        ("1.0,n1\n", "ragged_rows"),
        ('1.0,n1,"open\n', "bad_quotes"),
        ("size,name,note\n", "repeated_header"),
        ("1.0,n1,\0\n", "nul_byte"),
    ],
)
def test_what_is_wrong_far_down_is_said_with_its_line(tmp_path: Path, damage: str, code: str) -> None:
    path = tmp_path / "rows.csv"
    plain = "size,name,note\n" + "".join(f"{at},n{at % 13},some note of {at}\n" for at in range(60_000))
    lines = plain.splitlines(keepends=True)
    lines.insert(50_000, damage)
    path.write_text("".join(lines))
    chunks = chunked(path)
    assert chunks is not None
    with pytest.raises(DataError) as error:
        list(chunks.each(4_000))
    assert error.value.code == code
    assert error.value.line == 50_001


def test_another_encoding_far_down_is_said(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    plain = "".join(f"{at},n{at % 13},some note of {at}\n" for at in range(60_000)).encode()
    path.write_bytes(b"size,name,note\n" + plain + "1,n1,Zürich\n".encode("latin-1"))
    chunks = chunked(path)
    assert chunks is not None
    with pytest.raises(DataError, match="begins as UTF-8"):
        list(chunks.each(4_000))
