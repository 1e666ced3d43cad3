"""Archives are read as folders are, where they lie; what could do harm is refused."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.sources.picture_files import encoded, pattern, tree, zipped

from glia.core.errors import DataError
from glia.sources import _files, read


def refused(source: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        read(source)
    assert caught.value.remedy
    return caught.value


def tarred(folder: Path, path: Path, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        archive.add(folder, arcname=".")
    return path


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tgz"])
def test_an_archive_reads_as_the_folder_in_it(kind: str, tmp_path: Path) -> None:
    folder = tree(tmp_path / "in", "train/a/1.png", "train/b/2.jpg", "test/a/3.png", "README.md")
    path = tmp_path / f"pictures.{kind}"
    if kind == "zip":
        zipped(folder, path)
    else:
        tarred(folder, path, "w" if kind == "tar" else "w:gz")
    table, same = read(path), read(folder)
    assert table["label"].values.tolist() == same["label"].values.tolist()
    assert table.part.tolist() == same.part.tolist()
    assert [bytes(value) for value in table["image"].values] == [value.read_bytes() for value in same["image"].values]
    assert table["image"].values[0].name == str(path / same["image"].values[0].relative_to(folder))
    assert table.origin.kind == "archive"


def test_an_archive_may_hold_idx_files_that_are_packed_themselves(tmp_path: Path, shared: Path) -> None:
    path = zipped(shared / "mnist", tmp_path / "mnist.zip")
    assert read(path)["image"].values.shape == (70_000, 28, 28)


@pytest.mark.parametrize("name", ["../out.png", "/etc/out.png", "a/../../out.png", "C:\\out.png", "..\\out.png"])
def test_names_that_lead_out_are_refused(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, encoded(pattern()))
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        member = tarfile.TarInfo(name)
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    for path in (tmp_path / "a.zip", tmp_path / "a.tar"):
        error = refused(path)
        assert error.code == "odd_archive"
        assert "leads out" in error.text


def test_links_in_archives_are_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        member = tarfile.TarInfo("a/1.png")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    assert refused(tmp_path / "a.tar").code == "odd_archive"
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("a/1.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert "is a link" in refused(tmp_path / "a.zip").text


def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_files, "FREE_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/1.bmp", bytes(8 << 20))
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("a/1.bmp")
        member.size = 8 << 20
        archive.addfile(member, io.BytesIO(bytes(8 << 20)))
    assert refused(tmp_path / "a.zip").code == "too_large"
    assert refused(tmp_path / "a.tar.gz").code == "too_large"


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = zipped(tree(tmp_path / "in", "a/1.png", "b/2.png"), tmp_path / "a.zip")
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert refused(path).code == "damaged_file"
    broken = bytearray(whole)
    broken[60:90] = bytes(30)  # within the first picture, so its checksum does not hold
    path.write_bytes(bytes(broken))
    error = refused(path)
    assert error.code == "odd_archive"
    assert "a/1.png" in error.text
    path.write_bytes(b"PK")
    assert refused(path).code == "damaged_file"


def test_folders_of_archives_called_as_parts_are_one_table(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    zipped(tree(tmp_path / "1", "train/a/1.png", "train/b/2.png"), folder / "train.zip")
    zipped(tree(tmp_path / "2", "test/b/3.png", "test/a/4.png"), folder / "test.zip")
    table = read(folder)
    assert table["label"].values.tolist() == ["a", "b", "a", "b"]
    assert table.part.tolist() == ["train", "train", "test", "test"]


def test_a_real_archive_is_read(shared: Path) -> None:
    table = read(shared / "omniglot-small1" / "images_background_small1.zip")
    assert len(table) == 2720
    assert len(np.unique(table["label"].values.astype(str))) == 136
    assert table["label"].values[0] == "Balinese/character01"
