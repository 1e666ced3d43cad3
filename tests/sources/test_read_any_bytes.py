"""Whatever bytes a file holds, reading gives a table or an error of our own and nothing else."""

from __future__ import annotations

import gzip
import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glia.core.errors import GliaError
from glia.core.raw import RawTable
from glia.sources import read, write

SUFFIXES = [
    "csv",
    "tsv",
    "txt",
    "csv.gz",
    "jsonl",
    "parquet",
    "arrow",
    "npz",
    "npy",
    "db",
    "duckdb",
    "gz",
    "bin",
    "png",
]
NEWS = st.sampled_from(
    [b'"', b"'", b",", b"\n", b"\r", b"\t", b";", b"\\", b"\0", b"\xff", b"\xc3\xa9", b"{", b"[", b"1e9"]
)


@cache
def good(suffix: str) -> bytes:
    """The bytes of a sound file of a kind."""
    columns = {"a": np.arange(30.0), "b": np.array(["x", "yé", None] * 10, object), "c": np.arange(30) > 3}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows.{suffix}"
        if suffix == "arrow":
            import pyarrow as pa

            table = pa.table({name: values.tolist() for name, values in columns.items()})
            with pa.ipc.new_file(str(path), table.schema) as file:
                file.write_table(table)
        elif suffix == "npz":
            np.savez_compressed(path, X=np.ones((9, 3)), y=np.arange(9))
        elif suffix == "npy":
            np.save(path, np.ones((9, 3)))
        elif suffix == "db":
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("CREATE TABLE t (a REAL, b TEXT)")
                connection.executemany("INSERT INTO t VALUES (?, ?)", [(i, f"x{i}") for i in range(30)])
                connection.commit()
        elif suffix == "csv.gz":
            path.write_bytes(gzip.compress(write(Path(folder) / "rows.csv", columns).read_bytes()))
        else:
            write(path, columns)
        return path.read_bytes()


def _checked(error: GliaError) -> None:
    assert error.code
    assert error.remedy


def attempt(data: bytes, suffix: str) -> RawTable | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows.{suffix}"
        path.write_bytes(data)
        try:
            table = read(path)
        except GliaError as error:
            return _checked(error)
        assert all(len(raw.values) == len(raw.present) == len(table) > 0 for raw in table.columns.values())
        return table


@settings(max_examples=250, deadline=None)
@given(data=st.binary(max_size=400), suffix=st.sampled_from(SUFFIXES))
def test_random_bytes_never_break_out(data: bytes, suffix: str) -> None:
    attempt(data, suffix)


@settings(max_examples=250, deadline=None)
@given(
    data=st.text(st.sampled_from("ab1,;\t|:\"'\\\n\r {}[]é-"), max_size=60),
    suffix=st.sampled_from(SUFFIXES[:5]),
)
def test_random_punctuation_never_breaks_out(data: str, suffix: str) -> None:
    attempt(data.encode(), suffix)


MUTABLE = ["csv", "tsv", "csv.gz", "jsonl", "parquet", "arrow", "npz", "npy", "db"]


@pytest.mark.parametrize("suffix", MUTABLE)
def test_a_sound_file_is_read(suffix: str) -> None:
    assert attempt(good(suffix), suffix) is not None


@settings(max_examples=400, deadline=None)
@given(suffix=st.sampled_from(MUTABLE), data=st.data())
def test_a_sound_file_with_bytes_changed_never_breaks_out(suffix: str, data: st.DataObject) -> None:
    changed = bytearray(good(suffix))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed)))
        action = data.draw(st.sampled_from(["put", "replace", "cut", "end"]))
        if action == "put":
            changed[at:at] = data.draw(NEWS)
        elif action == "replace":
            changed[at : at + 1] = bytes([data.draw(st.integers(0, 255))])
        elif action == "cut":
            del changed[at : at + data.draw(st.integers(1, 40))]
        else:
            del changed[at:]
    attempt(bytes(changed), suffix)


def test_a_compressed_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from glia.sources import _files

    monkeypatch.setattr(_files, "FREE_BYTES", 1 << 20)
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"a\n" + b"0\n" * (1 << 21)))
    with pytest.raises(GliaError) as caught:
        read(tmp_path / "bomb.csv.gz")
    assert caught.value.code == "too_large"
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(1 << 21))
    with pytest.raises(GliaError) as caught:
        read(tmp_path / "bomb.npz")
    assert caught.value.code == "too_large"
