"""Files are written whole or not at all, and read back equal."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from glia.core.errors import DataError, UsageError
from glia.sources import read, write

COLUMNS = {
    "whole": np.array([1, -2, 3]),
    "number": np.array([0.1, np.nan, 1e300]),
    "text": np.array(["a,b", 'say "x"\n', "ü\r"], object),
    "yes": np.array([True, False, True]),
    "when": np.array(["2020-01-02T03:04:05.000006", "NaT", "1900-01-01"], "datetime64[us]"),
}


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_typed_files_come_back_equal(suffix: str, tmp_path: Path) -> None:
    table = read(write(tmp_path / f"rows.{suffix}", COLUMNS))
    assert list(table) == list(COLUMNS)
    for name in ("whole", "number", "text", "yes"):
        assert table[name].values.dtype == COLUMNS[name].dtype
        np.testing.assert_array_equal(table[name].values, COLUMNS[name])
    assert table["number"].present.tolist() == [True, False, True]
    assert table["when"].present.tolist() == [True, False, True]
    if suffix == "parquet":
        np.testing.assert_array_equal(table["when"].values, COLUMNS["when"])


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_delimited_files_come_back_as_text(suffix: str, tmp_path: Path) -> None:
    table = read(write(tmp_path / f"rows.{suffix}", COLUMNS))
    assert table["text"].values.tolist() == COLUMNS["text"].tolist()
    assert table["number"].values.tolist() == ["0.1", "", "1e+300"]
    assert table["when"].values[0] == "2020-01-02T03:04:05.000006"


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"rows.{suffix}"
    path.write_text("the old one")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError) as caught:
        write(path, COLUMNS)
    assert (caught.value.code, caught.value.file) == ("disk_full", str(path))
    assert caught.value.remedy
    assert path.read_text() == "the old one"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_limit_on_file_size_is_told_as_a_full_disk(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(DataError) as caught:
            write(tmp_path / "rows.csv", {"x": np.arange(10_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.code == "disk_full"
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        write(tmp_path / "away" / "rows.csv", COLUMNS)


def test_an_unknown_suffix_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        write(tmp_path / "rows.xlsx", COLUMNS)
    assert caught.value.code == "unknown_format"
    assert not list(tmp_path.iterdir())


def test_a_mistake_of_a_program_is_not_hidden_as_bad_data(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shorter"):
        write(tmp_path / "rows.csv", {"a": np.arange(2), "b": np.arange(1)})
    assert not list(tmp_path.iterdir())
