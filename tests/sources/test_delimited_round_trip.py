"""Whatever text a table holds, written as delimited text in some dialect it comes back equal."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from glia.sources import read

CELLS = st.text(
    st.one_of(
        st.sampled_from("ab01 .,;|\t\"'\\\n\r:-é€\u2028\ufeff"),
        st.characters(exclude_categories=["Cs", "Cc"]),
    ),
    max_size=8,
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 5))
    return draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=8))


@settings(max_examples=300, deadline=None)
@given(
    rows=tables(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    ends=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    packed=st.booleans(),
)
def test_any_table_of_text_comes_back_equal(
    rows: list[list[str]], delimiter: str, ends: str, quoting: int, encoding: str, packed: bool
) -> None:
    text = io.StringIO(newline="")
    names = [f"name {place}" for place in range(len(rows[0]))]
    if len(names) == 1 and delimiter != "\t":
        delimiter = ","  # with one column only the suffix tells which delimiter its cells keep clear of
    if ends != "\r\n" and any("\r" in cell or "\n" in cell for row in rows for cell in row):
        quoting = csv.QUOTE_ALL  # Python's writer leaves line ends unquoted that are not its own
    writer = csv.writer(text, delimiter=delimiter, lineterminator=ends, quoting=quoting)
    writer.writerows([names, *rows])
    data = text.getvalue().encode(encoding)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("rows.tsv" if delimiter == "\t" else "rows.csv")
        path.write_bytes(gzip.compress(data) if packed else data)
        table = read(path)
    assert list(table) == names
    assert [list(row) for row in zip(*(raw.values for raw in table.columns.values()))] == rows
    for place, raw in enumerate(table.columns.values()):
        # A writer that quotes everything, or a lone empty cell, says that an empty text is there.
        said = [cell != "" or quoting == csv.QUOTE_ALL or len(names) == 1 for cell in (row[place] for row in rows)]
        assert raw.present.tolist() == said


@settings(max_examples=100, deadline=None)
@given(rows=tables())
def test_backslashes_escape_what_the_dialect_says_they_escape(rows: list[list[str]]) -> None:
    rows = [['say "x", "y"', *row] for row in rows]
    names = [f"name {place}" for place in range(len(rows[0]))]
    text = io.StringIO(newline="")
    writer = csv.writer(text, doublequote=False, escapechar="\\", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([names, *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(codecs.BOM_UTF8 + text.getvalue().encode())
        table = read(path)
    assert [list(row) for row in zip(*(raw.values for raw in table.columns.values()))] == rows
