"""Listings of files, and files in tables: paths stay inside, bytes are pictures, arrays keep their shape."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.sources.picture_files import encoded, pattern, put, sound, tree

from glia.core.errors import DataError
from glia.sources import read


def listing(folder: Path, *names: str, header: str = "photo,label") -> Path:
    rows = "".join(f"{name},{'ab'[at % 2]}\n" for at, name in enumerate(names))
    return put(folder / "rows.csv", f"{header}\n{rows}")


def test_names_of_pictures_beside_a_listing_become_paths(tmp_path: Path) -> None:
    tree(tmp_path, "x/1.png", "x/2.jpg")
    table = read(listing(tmp_path, "x/1.png", " x/2.jpg ", "x/missing.png"))
    assert [path.name for path in table["photo"].values] == ["1.png", "2.jpg", "missing.png"]
    assert table["label"].values.tolist() == ["a", "b", "a"]
    lines = "".join(json.dumps({"sound": name}) + "\n" for name in ("1.wav", "2.wav"))
    put(tmp_path / "1.wav", sound())
    assert all(isinstance(value, Path) for value in read(put(tmp_path / "s.jsonl", lines))["sound"].values)


def test_addresses_of_files_become_paths_too(tmp_path: Path) -> None:
    tree(tmp_path, "x/1 a.png", "2.png")
    table = read(listing(tmp_path, (tmp_path / "x" / "1 a.png").as_uri(), "x\\..\\2.png"))
    assert [path.is_file() for path in table["photo"].values] == [True, True]


def test_names_that_name_no_file_stay_text(tmp_path: Path) -> None:
    assert read(listing(tmp_path, "1.png", "2.png"))["photo"].values.tolist() == ["1.png", "2.png"]
    tree(tmp_path, "1.png")
    assert read(listing(tmp_path, "1.png", "blue"))["photo"].values.tolist() == ["1.png", "blue"]


def test_paths_out_of_the_folder_are_refused_with_their_line(tmp_path: Path) -> None:
    tree(tmp_path, "in/1.png", "out/2.png")
    with pytest.raises(DataError) as caught:
        read(listing(tmp_path / "in", "1.png", "../out/2.png"))
    assert (caught.value.code, caught.value.line, caught.value.column) == ("path_outside", 3, "photo")
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "out" / "2.png")
    with pytest.raises(DataError, match="leads out"):
        read(listing(tmp_path / "in", "1.png", "link.png"))


def test_a_value_that_is_no_picture_among_many_is_refused_with_its_line(tmp_path: Path) -> None:
    names = [f"x/{number}.png" for number in range(12)]
    tree(tmp_path, *names)
    with pytest.raises(DataError) as caught:
        read(listing(tmp_path, *names[:5], "x/notes.txt", *names[5:]))
    assert (caught.value.code, caught.value.line, caught.value.column) == ("not_a_file", 7, "photo")
    assert caught.value.remedy


def test_empty_cells_are_missing_pictures(tmp_path: Path) -> None:
    tree(tmp_path, "1.png")
    table = read(put(tmp_path / "r.csv", "n,photo\n1,1.png\n2,\n"))
    assert table["photo"].present.tolist() == [True, False]
    assert isinstance(table["photo"].values[0], Path)


def test_encoded_pictures_in_parquet_are_bytes(tmp_path: Path) -> None:
    pictures = [encoded(pattern(seed)) for seed in range(2)]
    hub = [{"bytes": one, "path": None} for one in pictures]
    pd.DataFrame({"image": hub, "plain": [pictures[0], None], "label": [0, 1]}).to_parquet(tmp_path / "a.parquet")
    table = read(tmp_path / "a.parquet")
    assert table["image"].values.tolist() == pictures
    assert table["plain"].present.tolist() == [True, False]
    pd.DataFrame({"x": [b"no picture", b"at all"]}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(DataError) as caught:
        read(tmp_path / "b.parquet")
    assert (caught.value.code, caught.value.column) == ("unreadable_column", "x")


def test_arrays_of_bytes_with_rows_and_columns_are_pictures(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3)).astype(np.uint8)
    assert read({"image": pictures, "y": np.arange(4)})["image"].values.shape == (4, 6, 5, 3)
    assert list(read((pictures, np.arange(4)))) == ["image", "target"]
    np.savez(tmp_path / "a.npz", x=pictures, y=np.arange(4))
    assert read(tmp_path / "a.npz")["label"].values.tolist() == [0, 1, 2, 3]
    with pytest.raises(DataError, match="unsigned bytes"):
        read({"image": pictures / 255, "y": np.arange(4)})


def test_npz_files_with_parts_are_the_official_split(tmp_path: Path) -> None:
    pictures = np.zeros((5, 4, 4), np.uint8)
    sets = {"x_test": pictures[:2], "y_test": np.array([[8], [9]]), "x_train": pictures[2:], "y_train": np.arange(3)}
    np.savez(tmp_path / "a.npz", **sets)
    table = read(tmp_path / "a.npz")
    assert table["label"].values.tolist() == [0, 1, 2, 8, 9]
    assert table.part.tolist() == ["train"] * 3 + ["test"] * 2
    np.savez(tmp_path / "b.npz", **{**sets, "y_train": np.arange(2)})
    with pytest.raises(DataError, match="train part"):
        read(tmp_path / "b.npz")


def test_a_real_listing_without_a_header_is_read(shared: Path) -> None:
    table = read(shared / "grocery-store-fresh" / "train.txt", names=["photo", "fine", "coarse"])
    assert len(table) == 168
    assert all(path.is_file() for path in table["photo"].values)


def test_a_picture_file_alone_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="PNG picture"):
        read(put(tmp_path / "a.png", encoded(pattern())))
