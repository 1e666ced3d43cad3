"""Folders become tables: classes, parts, names that tell something, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.sources.picture_files import encoded, pattern, put, sound, tree

from glia.core.errors import DataError, UsageError
from glia.sources import read


def refused(source: Path, **options: object) -> DataError:
    with pytest.raises(DataError) as caught:
        read(source, **options)
    assert caught.value.remedy
    return caught.value


def names_of(table, column: str = "image") -> list[str]:
    return [value.name for value in table[column].values]


def test_a_folder_per_class_is_a_table_of_pictures_and_labels(tmp_path: Path) -> None:
    table = read(tree(tmp_path, "cats/a10.jpg", "cats/a2.png", "dogs/b.JPG".replace("JPG", "jpg")))
    assert list(table) == ["image", "label"]
    assert names_of(table) == ["a2.png", "a10.jpg", "b.jpg"]  # numbers in names count as numbers
    assert table["label"].values.tolist() == ["cats", "cats", "dogs"]
    assert table.part is None
    assert table.origin.kind == "folder"
    assert table.origin.details["classes"] == 2


def test_folders_named_as_parts_are_the_official_split(tmp_path: Path) -> None:
    table = read(tree(tmp_path, "train/cats/1.png", "val/cats/2.png", "test/dogs/3.png", "samples/4.png"))
    assert dict(zip(names_of(table), table.part.tolist())) == {"1.png": "train", "2.png": "valid", "3.png": "test"}
    assert sorted(table["label"].values.tolist()) == ["cats", "cats", "dogs"]
    assert table.origin.details["left out"] == 1


def test_parts_may_lie_in_a_folder_that_wraps_them(tmp_path: Path) -> None:
    table = read(tree(tmp_path, "data/training/x/1.png", "data/testing/y/2.png"))
    assert sorted(table.part.tolist()) == ["test", "train"]
    assert sorted(table["label"].values.tolist()) == ["x", "y"]


def test_classes_called_train_and_test_tube_are_classes(tmp_path: Path) -> None:
    table = read(tree(tmp_path, "bullet train/1.png", "test tube/2.png", "train/3.png"))
    assert table.part is None
    assert sorted(table["label"].values.tolist()) == ["bullet train", "test tube", "train"]


def test_nested_folders_are_classes_by_their_path(tmp_path: Path) -> None:
    table = read(tree(tmp_path, "all/fruit/apple/1.png", "all/fruit/pear/2.png", "all/herbs/3.png"))
    assert table["label"].values.tolist() == ["fruit/apple", "fruit/pear", "herbs"]


def test_pictures_in_no_folder_have_no_label(tmp_path: Path) -> None:
    table = read(tree(tmp_path, "1.png", "2.png"))
    assert list(table) == ["image"]


def test_one_class_and_one_picture_a_class_are_read(tmp_path: Path) -> None:
    assert read(tree(tmp_path / "one", "cats/1.png", "cats/2.png"))["label"].values.tolist() == ["cats", "cats"]
    assert read(tree(tmp_path / "each", "a/1.png", "b/2.png", "c/3.png"))["label"].values.tolist() == ["a", "b", "c"]


def test_texts_by_class_are_read_in_any_encoding_and_no_damaged_one_is_guessed_at(tmp_path: Path) -> None:
    put(tmp_path / "a" / "1.txt", "größer\n".encode("utf-16"))
    put(tmp_path / "a" / "2.txt", "größer\n".encode("cp1252"))
    put(tmp_path / "b" / "3.txt", "größer\n")
    put(tmp_path / "b" / "4.txt", b"")
    assert read(tmp_path)["text"].values.tolist() == ["größer", "größer", "größer", ""]
    bad = put(tmp_path / "b" / "4.txt", "größer\n".encode() + "größer\n".encode("cp1252"))
    with pytest.raises(DataError, match="mixed_encodings") as caught:
        read(tmp_path)
    assert (caught.value.file, caught.value.line) == (str(bad), 2)
    put(bad, "so\0 so\n")
    with pytest.raises(DataError, match="nul_byte"):
        read(tmp_path)


def test_ten_thousand_classes_are_read(tmp_path: Path) -> None:
    data = encoded(pattern())
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:  # as quick to make as a folder is slow
        for number in range(10_000):
            archive.writestr(f"c{number:05}/1.png", data)
    table = read(tmp_path / "many.zip")
    assert len(set(table["label"].values.tolist())) == 10_000


def test_class_folders_that_differ_in_case_are_refused_by_name(tmp_path: Path) -> None:
    error = refused(tree(tmp_path, "Cat/1.png", "cat/2.png", "CAT/3.png", "dog/4.png"))
    assert error.code == "alike_classes"
    assert all(name in error.text for name in ("'Cat'", "'cat'", "'CAT'"))


def test_links_out_of_the_folder_are_refused_and_links_inside_are_read(tmp_path: Path) -> None:
    folder = tree(tmp_path / "in", "a/1.png", "b/2.png")
    (folder / "b" / "again.png").symlink_to(folder / "a" / "1.png")
    assert len(read(folder)) == 3
    secret = put(tmp_path / "out" / "secret.png", encoded(pattern()))
    (folder / "b" / "3.png").symlink_to(secret)
    error = refused(folder)
    assert (error.code, error.file) == ("link_outside", str(folder / "b" / "3.png"))
    (folder / "b" / "3.png").unlink()
    (folder / "c").symlink_to(tmp_path / "out")
    assert refused(folder).code == "link_outside"
    (folder / "c").unlink()
    (folder / "loop").symlink_to(folder)  # a folder linked to inside is found where it is
    assert len(read(folder)) == 3
    (folder / "loop").unlink()
    (folder / "gone.png").symlink_to(folder / "nowhere.png")
    assert refused(folder).code == "broken_link"


def test_papers_and_hidden_files_do_not_count(tmp_path: Path) -> None:
    folder = tree(
        tmp_path, "a/1.png", "b/2.png", "LICENSE", "README.md", "a/.hidden.png", "Thumbs.db", "__MACOSX/x.png"
    )
    assert len(read(folder)) == 2


def test_pictures_beside_class_folders_are_refused(tmp_path: Path) -> None:
    error = refused(tree(tmp_path, "a/1.png", "b/2.png", "loose.png"))
    assert error.code == "mixed_folder"
    assert "loose.png" in error.text


def test_pictures_and_sounds_alike_are_refused(tmp_path: Path) -> None:
    assert refused(tree(tmp_path, "a/1.png", "b/2.wav")).code == "mixed_folder"


def test_pictures_beside_a_listing_ask_for_the_listing(tmp_path: Path) -> None:
    error = refused(tree(tmp_path, "1.png", "2.png", "labels.csv"))
    assert error.code == "mixed_folder"
    assert "labels.csv" in error.text


def test_an_empty_folder_says_what_a_folder_may_hold(tmp_path: Path) -> None:
    error = refused(tmp_path)
    assert error.code == "empty_folder"
    assert "train, val" in error.remedy


def test_a_folder_takes_no_names(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names its own columns"):
        read(tree(tmp_path, "a/1.png", "b/2.png"), names=["x"])


def test_sounds_have_the_label_of_their_folder_or_of_their_name(tmp_path: Path) -> None:
    table = read(tree(tmp_path / "folders", "yes/1.wav", "no/2.wav"))
    assert list(table) == ["audio", "label"]
    digits = tree(tmp_path / "digits" / "recordings", "7_jackson_0.wav", "7_theo_0.wav", "3_theo_1.wav", "3_theo_2.wav")
    for folder in (digits, digits.parent):
        table = read(folder)
        assert table["label"].values.tolist() == ["3", "3", "7", "7"]
        assert table["speaker"].values.tolist() == ["theo", "theo", "jackson", "theo"]


def test_sounds_whose_names_tell_nothing_are_sounds_alone(tmp_path: Path) -> None:
    assert list(read(tree(tmp_path, "one.wav", "two_b.wav"))) == ["audio"]


def test_texts_have_the_label_of_their_folder(tmp_path: Path) -> None:
    table = read(tree(tmp_path, "pos/1.txt", "neg/2.txt"))
    assert table["text"].values.tolist() == ["text 1", "text 0"]
    assert table["label"].values.tolist() == ["neg", "pos"]


def test_files_of_one_stem_label_their_lines_by_suffix(tmp_path: Path) -> None:
    put(tmp_path / "polarity.pos", "fine\ngreat, really\n")
    put(tmp_path / "polarity.neg", "d\xe9j\xe0 vu\n".encode("latin-1"))
    table = read(tmp_path)
    assert table["text"].values.tolist() == ["déjà vu", "fine", "great, really"]
    assert table["label"].values.tolist() == ["neg", "pos", "pos"]


def test_files_that_differ_in_language_are_pairs_of_lines(tmp_path: Path) -> None:
    put(tmp_path / "train.de", "eins\nzwei\n")
    put(tmp_path / "train.en", "one\ntwo\n")
    put(tmp_path / "val.de", "drei\n")
    put(tmp_path / "val.en", "three\n")
    table = read(tmp_path)
    assert table["de"].values.tolist() == ["eins", "zwei", "drei"]
    assert table["en"].values.tolist() == ["one", "two", "three"]
    assert table.part.tolist() == ["train", "train", "valid"]
    put(tmp_path / "val.en", "three\nfour\n")
    assert refused(tmp_path).code == "unequal_lengths"


def test_lines_of_parts_are_read(tmp_path: Path) -> None:
    put(tmp_path / "train.txt", "a b\n\nc\n")
    put(tmp_path / "test.txt", "d\n")
    table = read(tmp_path)
    assert table["text"].values.tolist() == ["a b", "", "c", "d"]
    assert table.part.tolist() == ["train"] * 3 + ["test"]


def test_tables_of_parts_are_one_table(tmp_path: Path) -> None:
    put(tmp_path / "rows-train.csv", "a,b\n1,x\n2,y\n")
    put(tmp_path / "rows-test.csv", "a,b\n3,x\n")
    table = read(tmp_path)
    assert table["a"].values.tolist() == ["1", "2", "3"]
    assert table.part.tolist() == ["train", "train", "test"]
    put(tmp_path / "rows-test.csv", "a,c\n3,x\n")
    assert refused(tmp_path).code == "unlike_parts"


def test_tables_of_many_series_may_hold_fewer_steps_to_be_judged_by(tmp_path: Path) -> None:
    steps = [f"V{at}" for at in range(1, 14)]
    long = [["a", *map(str, range(12))], ["b", *map(str, range(10)), "", ""]]
    put(tmp_path / "Hourly-train.csv", "\n".join(",".join(row) for row in [steps, *long]))
    short = [["b", *"12345678"], ["a", *"87654321"]]
    put(tmp_path / "Hourly-test.csv", "\n".join(",".join(row) for row in [steps[:9], *short]))
    table = read(tmp_path)
    assert list(table) == steps
    assert table.part.tolist() == ["train", "train", "test", "test"]
    assert table["V9"].values[table["V9"].present].tolist() == ["7", "7", "8", "1"]
    assert table["V10"].present.tolist() == [True, True, False, False]
    put(tmp_path / "Hourly-test.csv", "\n".join(",".join(row) for row in [[*steps[:8], "W9"], *short]))
    assert refused(tmp_path).code == "unlike_parts"


def test_tables_of_parts_without_a_header_take_names(tmp_path: Path) -> None:
    put(tmp_path / "train.tsv", "a fine film\t1\na bad film\t0\n")
    put(tmp_path / "dev.tsv", "so so\t0\nwell\t1\n")
    assert refused(tmp_path).code == "no_header"
    table = read(tmp_path, names="text,label")
    assert table["label"].values.tolist() == ["1", "0", "0", "1"]
    assert table.part.tolist() == ["train", "train", "valid", "valid"]


def test_masks_find_their_pictures_by_name(tmp_path: Path) -> None:
    for name in ("p1", "p2"):
        put(tmp_path / "PNGImages" / f"{name}.png", encoded(pattern()))
        put(tmp_path / "PedMasks" / f"{name}_mask.png", encoded(np.zeros((24, 32), np.uint8)))
    table = read(tmp_path)
    assert list(table) == ["image", "mask"]
    assert names_of(table) == ["p1.png", "p2.png"]
    assert names_of(table, "mask") == ["p1_mask.png", "p2_mask.png"]


def test_masks_without_pictures_are_refused(tmp_path: Path) -> None:
    for name in ("p1", "p2", "p3"):
        put(tmp_path / "images" / f"{name}.jpg", encoded(pattern(), "JPEG"))
        put(tmp_path / "masks" / f"{name}.png", encoded(np.zeros((24, 32), np.uint8)))
    assert len(read(tmp_path)) == 3
    (tmp_path / "masks" / "p2.png").unlink()
    error = refused(tmp_path)
    assert (error.code, error.file) == ("missing_file", str(tmp_path / "images" / "p2.jpg"))


def test_a_damaged_picture_is_not_opened_by_the_source(tmp_path: Path) -> None:
    folder = tree(tmp_path, "a/1.png", "b/2.png")
    put(folder / "a" / "empty.png", b"")
    put(folder / "a" / "sound.png", sound())
    assert len(read(folder)) == 4


def test_real_folders_are_read_as_their_makers_meant(shared: Path) -> None:
    table = read(shared / "grocery-store-fresh")
    assert np.unique(table.part, return_counts=True)[1].tolist() == [120, 168, 48]
    assert len(set(table["label"].values.tolist())) == 12
    table = read(shared / "fsdd" / "recordings")
    assert len(table) == 720
    assert len(set(table["speaker"].values.tolist())) == 6
    assert sorted(set(table["label"].values.tolist())) == list("0123456789")
    table = read(shared / "movie-reviews-mr")
    assert np.unique(table["label"].values.astype(str), return_counts=True)[1].tolist() == [5331, 5331]
    table = read(shared / "penn-fudan-subset")
    assert len(table) == 25
    table = read(shared / "multi30k-de-en")
    assert np.unique(table.part, return_counts=True)[1].tolist() == [1000, 29000, 1014]
    table = read(shared / "cifar10-subset")
    assert np.unique(table.part, return_counts=True)[1].tolist() == [2000, 10000]
    assert all(isinstance(value, bytes) for value in table["image"].values)
