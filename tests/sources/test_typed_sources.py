"""Sources that know types keep them: numbers, booleans, text and moments in UTC, each with what is absent."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from glia.core.errors import DataError, GliaError, UsageError
from glia.core.raw import RawTable
from glia.sources import read

NOON = np.datetime64("2024-06-01T12:00:00", "us")


def shown(table: RawTable, name: str) -> tuple[str, list[Any]]:
    """The dtype of a column and its values, absent ones as None."""
    raw = table[name]
    return raw.values.dtype.str[1:], [value if here else None for value, here in zip(raw.values.tolist(), raw.present)]


def refused(source: Any, **options: Any) -> GliaError:
    with pytest.raises(GliaError) as caught:
        read(source, **options)
    assert caught.value.remedy
    return caught.value


def frame_of_everything() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "int": np.array([1, 2, 3], np.int16),
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "float": np.array([0.5, np.nan, 2], np.float32),
            "bool": [True, False, True],
            "maybe": pd.array([True, None, False], dtype="boolean"),
            "text": ["a", None, "c"],
            "category": pd.Categorical(["x", None, "y"]),
            "levels": pd.Categorical([1, 2, None]),
            "when": pd.to_datetime(["2024-06-01 12:00", None, "2024-06-02 00:00"]),
            "zoned": pd.to_datetime(["2024-06-01 14:00", None, "2024-06-02 00:00"]).tz_localize("Europe/Berlin"),
            "mixed": [1, "a", None],
            "days": [date(2024, 6, 1), None, date(2024, 6, 2)],
        }
    )


EVERYTHING = {
    "int": ("i8", [1, 2, 3]),
    "nullable": ("i8", [1, None, 3]),
    "float": ("f8", [0.5, None, 2.0]),
    "bool": ("b1", [True, False, True]),
    "maybe": ("b1", [True, None, False]),
    "text": ("O", ["a", None, "c"]),
    "category": ("O", ["x", None, "y"]),
    "when": ("M8[us]", [datetime(2024, 6, 1, 12), None, datetime(2024, 6, 2)]),
    "zoned": ("M8[us]", [datetime(2024, 6, 1, 12), None, datetime(2024, 6, 1, 22)]),
    "days": ("M8[us]", [datetime(2024, 6, 1), None, datetime(2024, 6, 2)]),
}


def _seen(table: RawTable, name: str) -> tuple[str, list[Any]]:
    dtype, values = shown(table, name)
    return dtype.replace("O8", "O").replace("|", ""), values


@pytest.mark.parametrize("name", [*EVERYTHING, "mixed", "levels"])
def test_a_pandas_column_keeps_its_kind(name: str) -> None:
    expected = {
        **EVERYTHING,
        "mixed": ("O", ["1", "a", None]),
        "levels": ("O", ["1", "2", None]),
    }
    assert _seen(read(frame_of_everything()), name) == expected[name]


@pytest.mark.parametrize("name", EVERYTHING)
@pytest.mark.parametrize("kind", ["polars", "lazy", "pyarrow", "arrow", "feather", "stream", "parquet"])
def test_a_typed_table_keeps_its_kinds_in_every_container(kind: str, name: str, tmp_path: Path) -> None:
    table = pa.Table.from_pandas(frame_of_everything().drop(columns=["mixed", "levels"]))
    source: Any = table
    if kind in ("polars", "lazy"):
        source = pl.from_arrow(table) if kind == "polars" else pl.from_arrow(table).lazy()
    elif kind in ("arrow", "feather", "stream"):
        source = tmp_path / ("rows.feather" if kind == "feather" else "rows.arrow")
        opened = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
        with opened(str(source), table.schema) as file:
            file.write_table(table)
    elif kind == "parquet":
        import pyarrow.parquet as pq

        source = tmp_path / "rows.parquet"
        pq.write_table(table, source)
    read_back = read(source)
    assert _seen(read_back, name) == EVERYTHING[name]
    assert read_back.origin.kind == {
        "feather": "arrow",
        "stream": "arrow",
        "arrow": "arrow",
        "parquet": "parquet",
    }.get(kind, "frames")


@pytest.mark.parametrize(
    ("frame", "code", "column"),
    [
        (pd.DataFrame({"a": [[1], [2]]}), "unreadable_column", "a"),
        (pd.DataFrame({"a": pd.to_timedelta([1, 2])}), "unreadable_column", "a"),
        (pd.DataFrame({"a": [1j, 2j]}), "unreadable_column", "a"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "duplicate_names", "a"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "duplicate_names", "1"),
        (pd.DataFrame({"a": []}), "no_rows", None),
        (pd.DataFrame(), "no_columns", None),
        (pl.DataFrame({"a": [[1], [2]]}), "unreadable_column", "a"),
        (pl.DataFrame({"a": [b"x"]}), "unreadable_column", "a"),
    ],
)
def test_a_frame_that_is_no_table_is_refused(frame: Any, code: str, column: str | None) -> None:
    error = refused(frame)
    assert (error.code, error.column) == (code, column)


def test_pandas_may_name_columns_by_number_and_index_rows_by_anything() -> None:
    frame = pd.DataFrame(np.eye(2), index=["x", "x"])
    assert list(read(frame)) == ["0", "1"]


def test_whole_numbers_beyond_64_bits_become_floats() -> None:
    table = read(pl.DataFrame({"a": pl.Series([2**63, 1], dtype=pl.UInt64)}))
    assert shown(table, "a") == ("f8", [float(2**63), 1.0])
    assert shown(read({"a": [10**400, 1]}), "a") == ("f8", [float("inf"), 1.0])


def test_decimals_are_numbers() -> None:
    assert shown(read({"a": [Decimal("1.5"), None]}), "a") == ("f8", [1.5, None])
    assert shown(read(pl.DataFrame({"a": [Decimal("1.5")]})), "a") == ("f8", [1.5])


def test_the_original_frame_is_left_alone() -> None:
    frame = frame_of_everything()
    before = frame.copy(deep=True)
    read(frame)
    pd.testing.assert_frame_equal(frame, before)


# Arrays


def test_an_array_has_numbered_columns() -> None:
    table = read(np.array([[1.0, np.nan], [3.0, 4.0]]))
    assert list(table) == ["x0", "x1"]
    assert shown(table, "x1") == ("f8", [None, 4.0])
    assert list(read(np.eye(2), names=["a", "b"])) == ["a", "b"]


def test_a_pair_is_inputs_and_target() -> None:
    table = read((np.eye(2, dtype=np.float32), np.array(["no", "yes"])))
    assert list(table) == ["x0", "x1", "target"]
    assert shown(table, "target")[1] == ["no", "yes"]
    several = read((np.eye(2), np.eye(2)))
    assert list(several) == ["x0", "x1", "target0", "target1"]
    assert list(read((pd.DataFrame({"age": [1, 2]}), pd.Series([0, 1])))) == ["age", "target"]


def test_a_dict_names_its_columns() -> None:
    table = read({"a": [1, None], "b": np.array([True, False]), "c": ("x", 2)})
    assert shown(table, "a") == ("i8", [1, None])
    assert shown(table, "c")[1] == ["x", "2"]


def test_a_masked_array_says_what_is_absent() -> None:
    table = read({"a": np.ma.masked_equal([1, 9, 3], 9)})
    assert shown(table, "a") == ("i8", [1, None, 3])
    assert table["a"].values[1] == 0, "nothing of a masked value is left behind"


def test_a_structured_array_names_its_columns() -> None:
    table = read(np.array([(1, "x")], dtype=[("n", "i4"), ("s", "U1")]))
    assert (shown(table, "n")[1], shown(table, "s")[1]) == ([1], ["x"])


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (np.arange(3), "wrong_shape"),
        (np.zeros((2, 2, 2)), "wrong_shape"),
        (np.array(3.0), "wrong_shape"),
        (np.zeros((0, 2)), "no_rows"),
        (np.zeros((2, 0)), "no_columns"),
        (np.array([[1j]]), "unreadable_column"),
        (np.array([[b"x"]]), "unreadable_column"),
        ({}, "no_columns"),
        ({"a": [1, 2], "b": [1]}, "unequal_lengths"),
        ({"a": "text"}, "wrong_shape"),
        ({"a": 3}, "wrong_shape"),
        ({"a": np.eye(2)}, "wrong_shape"),
        ({"a": [{}]}, "unreadable_column"),
        ({1: [1], "1": [2]}, "duplicate_names"),
        ({"a": np.array(["300000-01-01"], "datetime64[D]")}, "bad_date"),
        ((np.eye(2), np.arange(3)), "unequal_lengths"),
        ((pd.DataFrame({"target": [1]}), [1]), "duplicate_names"),
    ],
    ids=str,
)
def test_arrays_that_make_no_table_are_refused(source: Any, code: str) -> None:
    assert refused(source).code == code


def test_names_for_what_names_itself_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"a": 1}\n')
    for source in ({"a": [1]}, pd.DataFrame({"a": [1]}), "iris", tmp_path / "rows.jsonl"):
        assert refused(source, names=["b"]).code == "names_not_wanted"
    assert refused(np.eye(2), names=["b"]).code == "names_mismatch"


def test_numpy_files_are_read_without_pickle(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", age=np.arange(3), name=np.array(["a", "b", "c"]))
    np.savez(tmp_path / "b.npz", X=np.eye(3), y=np.arange(3))
    np.savez(tmp_path / "c.npz", anything=np.eye(2))
    np.save(tmp_path / "d.npy", np.eye(2))
    assert list(read(tmp_path / "a.npz")) == ["age", "name"]
    assert list(read(tmp_path / "b.npz")) == ["x0", "x1", "x2", "target"]
    assert list(read(tmp_path / "c.npz", names=["p", "q"])) == ["p", "q"]
    assert list(read(tmp_path / "d.npy")) == ["x0", "x1"]
    np.savez(tmp_path / "bad.npz", a=np.array([1, None], object))
    error = refused(tmp_path / "bad.npz")
    assert error.code == "pickled_array"
    assert "astype" in error.remedy


# JSON Lines


def test_json_lines_keep_their_types(tmp_path: Path) -> None:
    rows = [
        {"i": 1, "f": 1, "b": True, "s": "007", "m": 1, "n": None},
        {"i": None, "f": 2.5, "b": False, "s": "", "m": "x", "late": "y"},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    table = read(path)
    assert list(table) == ["i", "f", "b", "s", "m", "n", "late"]
    assert shown(table, "i") == ("i8", [1, None])
    assert shown(table, "f") == ("f8", [1.0, 2.5])
    assert shown(table, "b") == ("b1", [True, False])
    assert shown(table, "s")[1] == ["007", ""]
    assert shown(table, "m")[1] == ["1", "x"]
    assert shown(table, "n")[1] == [None, None]
    assert shown(table, "late")[1] == [None, "y"]
    assert table.origin.line(1) == 2


# Databases


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "it's a base.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('CREATE TABLE "odd ""name""" (a INTEGER, b TEXT, c REAL, d BLOB)')
        connection.execute('INSERT INTO "odd ""name""" VALUES (1, \'007\', 1.5, NULL), (NULL, NULL, 2, NULL)')
        connection.commit()
    return path


@pytest.fixture
def duck(tmp_path: Path) -> Path:
    path = tmp_path / "base.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a, 1.5::DECIMAL(9,2) AS c, DATE '2024-06-01' AS d")
        connection.execute("CREATE TABLE u AS SELECT TIMESTAMPTZ '2024-06-01 14:00:00+02' AS z, 'Q' AS a, 3 AS b")
    return path


def test_the_only_table_of_a_database_is_read(database: Path) -> None:
    table = read(database)
    assert shown(table, "a") == ("i8", [1, None])
    assert shown(table, "b")[1] == ["007", None]
    assert shown(table, "c") == ("f8", [1.5, 2.0])
    assert shown(table, "d")[1] == [None, None]


def test_a_table_or_a_query_is_named_in_the_address(database: Path, duck: Path) -> None:
    assert len(read(f'sqlite:///{database}?table=odd "name"')) == 2
    table = read(f'sqlite:///{database}?query=SELECT a + 1 AS "b=c" FROM "odd ""name""" WHERE a = 1')
    assert shown(table, "b=c") == ("i8", [2])
    assert shown(read(f"duckdb:///{duck}?table=t"), "c") == ("f8", [1.5])
    assert shown(read(f"duckdb:///{duck}?table=t"), "d") == ("M8[us]", [datetime(2024, 6, 1)])
    table = read(f"duckdb:///{duck}?table=u")
    assert shown(table, "z") == ("M8[us]", [datetime(2024, 6, 1, 12)])
    assert len(table.columns) == 3
    assert shown(read(f"duckdb:///{duck}?query=SELECT a + 1 AS n FROM t;"), "n") == ("i8", [2])


def test_a_query_may_stand_in_a_file(duck: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ask.sql").write_text("SELECT a AS n -- all\nFROM t -- and no more")
    monkeypatch.chdir(tmp_path)
    assert shown(read("duckdb:///base.duckdb?query=ask.sql"), "n") == ("i8", [1])
    error = refused("ask.sql")
    assert error.code == "query_alone"
    assert "?query=ask.sql" in error.remedy


def test_an_address_in_doubt_is_refused(database: Path, duck: Path) -> None:
    assert refused(duck).code == "which_table"
    error = refused(f"duckdb:///{duck}?table=tt")
    assert (error.code, type(error)) == ("no_such_table", DataError)
    assert "did you mean" in error.text
    for address in (
        f"sqlite:///{database}?tables=x",
        f"sqlite:///{database}?query= ",
        f"sqlite://host/{database}",
    ):
        assert refused(address).code == "bad_address"
    assert refused("sqlite:///missing.db?table=x").code == "no_such_file"
    assert refused("mysql://host/base").code == "unknown_source"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM nothing",
        "SELEC",
        "DELETE FROM t",
        "ATTACH 'x.db' AS x",
        "PRAGMA user_version = 3",
        "PRAGMA database_list",
        "VACUUM INTO 'out.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT 1; SELECT 2",
        "COPY t TO 'out.csv'",
    ],
)
def test_a_query_can_only_read_its_own_database(
    query: str, database: Path, duck: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(database.parent)
    before = database.read_bytes(), duck.read_bytes()
    for address in (f"sqlite:///{database}?query={query}", f"duckdb:///{duck}?query={query}"):
        error = refused(address)
        assert (error.code, type(error)) == ("bad_query", DataError), error
    assert (database.read_bytes(), duck.read_bytes()) == before
    assert not (database.parent / "out.csv").exists()
    assert not (database.parent / "x.db").exists()


def test_blobs_are_refused_by_column(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE t (a INTEGER, picture BLOB)")
        connection.execute("INSERT INTO t VALUES (1, x'00ff')")
        connection.commit()
    assert (refused(tmp_path / "a.db").code, refused(tmp_path / "a.db").column) == (
        "unreadable_column",
        "picture",
    )


# Bundled sets


@pytest.mark.parametrize(
    ("name", "rows", "columns", "targets"),
    [
        ("iris", 150, 5, ["setosa", "versicolor", "virginica"]),
        ("wine", 178, 14, ["class_0", "class_1", "class_2"]),
        ("breast_cancer", 569, 31, ["benign", "malignant"]),
        ("digits", 1797, 65, [str(digit) for digit in range(10)]),
    ],
)
def test_a_bundled_set_has_its_labels_as_text(name: str, rows: int, columns: int, targets: list[str]) -> None:
    table = read(name)
    assert (len(table), len(table.columns)) == (rows, columns)
    assert sorted(set(table["target"].values)) == targets


def test_the_bundled_sets_of_numbers_keep_them() -> None:
    assert read("diabetes")["target"].values.dtype == np.float64
    assert list(read("linnerud"))[-3:] == ["Weight", "Waist", "Pulse"]


def test_a_missing_library_is_named_with_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.arrow").write_bytes(b"ARROW1\0\0")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    error = refused(tmp_path / "a.arrow")
    assert (error.code, type(error)) == ("missing_extra", UsageError)
    assert "pip install 'glia[arrow]'" in error.remedy


# Real files


def test_real_tables_are_read(shared: Path) -> None:
    titanic = read(shared / "titanic" / "titanic.csv")
    assert len(titanic) == 891
    assert titanic["Name"].values[0] == "Braund, Mr. Owen Harris"
    assert titanic["Cabin"].present.tolist()[:2] == [False, True]
    assert len(read(shared / "telco-churn" / "Telco-Customer-Churn.csv").columns) == 21
    assert len(read(shared / "california-housing" / "housing.csv")) == 20_640
    assert len(read(shared / "etth1" / "ETTh1.csv")) == 17_420
    assert len(read(shared / "m4-hourly" / "Hourly-train.csv").columns) == 961


def test_real_headerless_tables_are_refused_and_then_read_with_names(shared: Path) -> None:
    for name in (
        "adult/adult-train.csv",
        "adult/adult-test.csv",
        "mammography/mammography.csv",
        "wine-quality/winequality-red.csv",
        "abalone/abalone.csv",
        "german-credit/german.csv",
        "pima-diabetes/pima-indians-diabetes.csv",
        "sst2/train.tsv",
        "movietweetings-100k/movies.dat",
    ):
        error = refused(shared / name)
        assert (error.code, error.line) == ("no_header", 1), name
        assert "--names" in error.remedy
    adult = read(shared / "adult" / "adult-train.csv", names=[f"c{place}" for place in range(15)])
    assert len(adult) == 32_561
    assert sorted(set(adult["c14"].values)) == ["<=50K", ">50K"], "the space after the comma belongs to the dialect"
    scans = read(shared / "mammography" / "mammography.csv", names=list("abcdefg"))
    assert sorted(set(scans["g"].values)) == ["-1", "1"], "single quotes are the dialect's"
