"""Files that are not there, not files or not ours are refused in plain words."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glia.core.errors import DataError, GliaError, UsageError
from glia.sources import _files, read
from glia.sources._files import load


def refused(source: object) -> GliaError:
    with pytest.raises(GliaError) as caught:
        read(source)
    return caught.value


def test_a_missing_file_names_its_neighbor(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text("a,b\n1,2\n")
    error = refused(tmp_path / "patient.csv")
    assert (error.code, type(error)) == ("no_such_file", DataError)
    assert "did you mean 'patients.csv'?" in error.text


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "away") in refused(tmp_path / "away" / "rows.csv").text


def test_a_misspelled_bundled_set_is_recognized() -> None:
    error = refused("irsi")
    assert error.code == "no_such_file"
    assert "did you mean 'iris'?" in error.text
    assert "'wine'" in error.remedy


@pytest.mark.parametrize("name", ["folder", "folder.csv", "folder.parquet", "folder.db"])
def test_a_folder_is_refused_with_a_file_in_it(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "rows.csv").write_text("a\n1\n")
    error = refused(tmp_path / name)
    assert error.code == "is_folder"
    assert "rows.csv" in error.remedy


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rows.csv")
    assert refused(tmp_path / "rows.csv").code == "not_a_file"


def test_a_forbidden_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a\n1\n")

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)  # the superuser may read everything, so chmod proves nothing
    error = refused(path)
    assert error.code == "no_permission"
    assert "chmod" in error.remedy


@pytest.mark.parametrize("name", ["a\0b.csv", "x" * 5000 + ".csv", ""])
def test_impossible_names_are_refused(name: str) -> None:
    assert isinstance(refused(name), DataError)


@pytest.mark.parametrize("address", ["https://example.com/a.csv", "HTTP://x/a.parquet", "s3://bucket/a.csv"])
def test_nothing_is_read_from_the_network(address: str) -> None:
    error = refused(address)
    assert (error.code, type(error)) == ("network_source", UsageError)
    assert "download" in error.remedy


@pytest.mark.parametrize("source", [3, None, [1, 2], object(), b"a,b", ("a.csv", "b.csv")])
def test_what_is_no_table_is_named(source: object) -> None:
    error = refused(source)
    assert error.code == "unknown_source"
    assert type(source).__name__ in error.text


def test_special_names_are_only_names(tmp_path: Path) -> None:
    # For duckdb these would be patterns or the end of a string.
    import numpy as np

    from glia.sources import write

    folder = tmp_path / "it's; drop"
    folder.mkdir()
    for name in ("a1.parquet", "a?.parquet", "it's.parquet", "[ab].parquet", "*.parquet"):
        write(folder / name, {"name": np.array([name])})
    for name in ("a1.parquet", "a?.parquet", "it's.parquet", "[ab].parquet", "*.parquet"):
        table = read(folder / name)
        assert table["name"].values.tolist() == [name]


def test_the_kind_of_a_file_shows_where_its_suffix_does_not(tmp_path: Path) -> None:
    import numpy as np

    from glia.sources import write

    moved = write(tmp_path / "a.parquet", {"x": np.arange(3)}).rename(tmp_path / "a.data")
    assert read(moved).origin.kind == "parquet"
    assert _files.kind(tmp_path / "nothing") == ""


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    members=st.lists(st.binary(max_size=400), min_size=1, max_size=3),
    piece=st.sampled_from([1, 7, 100]),
    data=st.data(),
)
def test_members_are_unpacked_in_any_pieces_and_a_cut_is_told(
    members: list[bytes], piece: int, data: st.DataObject, tmp_path: Path
) -> None:
    padded = [gzip.compress(one) + bytes(data.draw(st.sampled_from([0, 3]))) for one in members]
    path = tmp_path / "rows.gz"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_files, "_PIECE", piece)
        path.write_bytes(b"".join(padded))
        assert load(path) == b"".join(members)
        path.write_bytes(b"".join(padded).rstrip(b"\0")[: -data.draw(st.integers(1, 8))])
        with pytest.raises(DataError, match="damaged"):
            load(path)
        path.write_bytes(b"".join(padded) + b"more")
        with pytest.raises(DataError, match="damaged"):
            load(path)
