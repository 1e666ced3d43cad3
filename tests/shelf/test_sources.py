"""What every source promises: it claims its own and nobody else's, and gives raw columns of one length."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.sources.picture_files import tree, zipped

from glia.core.errors import GliaError
from glia.core.raw import Origin, RawTable
from glia.sources import read, sources, write

COLUMNS = {"a": np.array([1.0, 2.0]), "b": np.array(["x", "y"], object)}


def example(name: str, folder: Path) -> Any:
    """A sound source of a kind; a part's author adds one line here."""
    if name == "arrays":
        return dict(COLUMNS)
    if name == "frames":
        return pd.DataFrame(COLUMNS)
    if name == "bundled":
        return "iris"
    if name == "arrow":
        with pa.ipc.new_file(str(folder / "rows.arrow"), (table := pa.table(COLUMNS)).schema) as file:
            file.write_table(table)
        return folder / "rows.arrow"
    if name == "npz":
        np.savez(folder / "rows.npz", a=COLUMNS["a"], b=COLUMNS["b"].astype(str))
        return folder / "rows.npz"
    if name == "sql":
        with closing(sqlite3.connect(folder / "rows.db")) as connection:
            connection.execute("CREATE TABLE t (a REAL, b TEXT)")
            connection.execute("INSERT INTO t VALUES (1, 'x'), (2, 'y')")
            connection.commit()
        return folder / "rows.db"
    if name == "archive":
        return zipped(tree(folder / "rows", "x/1.png", "y/2.png"), folder / "rows.zip")
    if name == "folder":
        (folder / "rows").mkdir()
        write(folder / "rows" / "train.csv", {label: values[:1] for label, values in COLUMNS.items()})
        write(folder / "rows" / "test.csv", {label: values[1:] for label, values in COLUMNS.items()})
        return folder / "rows"
    if name == "corpus":
        (folder / "rows.txt").write_text("A line of text.\n\nAnd, after an empty one, another.\n")
        return folder / "rows.txt"
    if name == "conll":
        (folder / "rows.conll").write_text("Anna B-PER\nsings O\n\nPaul B-PER\n")
        return folder / "rows.conll"
    suffix = {"delimited": "csv", "jsonl": "jsonl", "parquet": "parquet"}[name]
    return write(folder / f"rows.{suffix}", COLUMNS)


@pytest.fixture(params=sources.names())
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_exactly_one_source_claims_it(name: str, tmp_path: Path) -> None:
    source = example(name, tmp_path)
    assert [other for other in sources.names() if sources.get(other).claims(source)] == [name]


@pytest.mark.parametrize(
    "stranger", [None, 3, object(), "", "nothing", Path("nothing.xyz"), "ftp://x", "a\0b", [], b""]
)
def test_it_claims_nothing_foreign(name: str, stranger: object) -> None:
    assert not sources.get(name).claims(stranger)


def test_it_gives_raw_columns_of_one_length(name: str, tmp_path: Path) -> None:
    table = read(example(name, tmp_path))
    assert isinstance(table, RawTable)
    assert len(table) > 0
    for label, raw in table.columns.items():
        assert isinstance(label, str)
        assert raw.values.dtype.str[1:] in ("f8", "i8", "b1", "M8[us]", "O")
        assert raw.present.dtype == bool
        assert raw.values.shape == raw.present.shape == (len(table),)
        if raw.values.dtype == object:
            assert all(type(value) is str or isinstance(value, bytes) for value in raw.values)


def test_it_says_where_the_table_came_from(name: str, tmp_path: Path) -> None:
    source = example(name, tmp_path)
    origin = read(source).origin
    assert isinstance(origin, Origin)
    assert origin.kind == name
    assert origin.name == str(source) or not isinstance(source, str | Path)
    assert origin.path == (str(source) if isinstance(source, Path) else None)


def test_it_reads_the_same_twice(name: str, tmp_path: Path) -> None:
    source = example(name, tmp_path)
    first, second = read(source), read(source)
    assert list(first) == list(second)
    for label in first:
        np.testing.assert_array_equal(first[label].values, second[label].values)
        np.testing.assert_array_equal(first[label].present, second[label].present)


def test_it_keeps_rows_and_values(name: str, tmp_path: Path) -> None:
    if name in ("bundled", "archive", "corpus", "conll"):
        pytest.skip("its tables are given, or hold pictures or text")
    table = read(example(name, tmp_path))
    assert [float(value) for value in table["a"].values] == [1.0, 2.0]
    assert table["b"].values.tolist() == ["x", "y"]


def test_names_are_used_or_refused_and_never_ignored(name: str, tmp_path: Path) -> None:
    with pytest.raises(GliaError) as caught:
        read(example(name, tmp_path), names=["one", "two", "three"])
    assert caught.value.code in ("names_not_wanted", "names_mismatch")


def test_it_has_a_summary(name: str) -> None:
    assert sources.summary(name).endswith(".")


def test_asking_who_reads_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; from glia.sources import sources; "
        "[sources.get(n).claims('rows.csv') for n in sources.names()]; "
        "heavy = {'torch', 'sklearn', 'pandas', 'polars', 'duckdb', 'narwhals'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
