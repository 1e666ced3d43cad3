"""idx files and CIFAR's batches: read to the byte, refused where a byte is missing."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sources.picture_files import put

from glia.core.errors import DataError
from glia.sources import _idx, read

TYPES = ["u1", "i1", "i2", "i4", "f4", "f8"]


@given(st.sampled_from(TYPES), st.lists(st.integers(0, 4), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_an_array_survives_being_written_as_idx(dtype: str, shape: list[int], random) -> None:
    generator = np.random.default_rng(random.randrange(2**32))
    values = generator.integers(0, 100, shape).astype(dtype)
    back = _idx.parsed(_idx.written(values))
    assert back.dtype == values.dtype
    np.testing.assert_array_equal(back, values)


@given(st.binary(max_size=60))
def test_bytes_that_are_no_idx_file_are_refused_and_nothing_else(data: bytes) -> None:
    with pytest.raises(DataError) as caught:
        _idx.parsed(b"\0\1" + data, "f")
    assert (caught.value.code, caught.value.file) == ("damaged_file", "f")
    with contextlib.suppress(DataError):
        _idx.parsed(b"\0\0\x08" + data)


def test_a_header_that_promises_more_than_memory_holds_is_refused() -> None:
    with pytest.raises(DataError, match="and holds 0 bytes"):
        _idx.parsed(bytes([0, 0, 8, 3]) + b"\xff" * 12)


def digits(folder: Path, *, train: int = 3, test: int = 2) -> Path:
    generator = np.random.default_rng(0)
    for prefix, count in (("train", train), ("t10k", test)):
        pictures = generator.integers(0, 256, (count, 5, 4)).astype(np.uint8)
        labels = (np.arange(count) + (prefix == "t10k")).astype(np.uint8)
        put(folder / f"{prefix}-images-idx3-ubyte.gz", gzip.compress(_idx.written(pictures)))
        put(folder / f"{prefix}-labels-idx1-ubyte", _idx.written(labels))
    return folder


def test_idx_files_are_pictures_and_labels_with_the_official_split(tmp_path: Path) -> None:
    table = read(digits(tmp_path))
    assert table["image"].values.shape == (5, 5, 4)
    assert table["image"].values.dtype == np.uint8
    assert table["label"].values.tolist() == [0, 1, 2, 1, 2]
    assert table.part.tolist() == ["train"] * 3 + ["test"] * 2


def test_idx_files_that_do_not_belong_together_are_refused_by_name(tmp_path: Path) -> None:
    def refused(folder: Path) -> DataError:
        with pytest.raises(DataError) as caught:
            read(folder)
        return caught.value

    folder = digits(tmp_path / "a")
    (folder / "t10k-labels-idx1-ubyte").unlink()
    error = refused(folder)
    assert (error.code, Path(error.file).name) == ("missing_file", "t10k-images-idx3-ubyte.gz")
    folder = digits(tmp_path / "b")
    put(folder / "train-labels-idx1-ubyte", _idx.written(np.zeros(2, np.uint8)))
    assert refused(folder).code == "unequal_lengths"
    folder = digits(tmp_path / "c")
    put(folder / "train-images-idx3-ubyte.gz", gzip.compress(_idx.written(np.zeros((3, 5, 4), np.uint8)))[:-9])
    assert refused(folder).code == "damaged_gzip"
    folder = digits(tmp_path / "d")
    put(folder / "train-images-idx3-ubyte.gz", gzip.compress(_idx.written(np.zeros((3, 4, 4), np.uint8))))
    assert refused(folder).code == "unequal_shapes"
    folder = digits(tmp_path / "e")
    put(folder / "train-images-idx3-ubyte.gz", _idx.written(np.zeros((3, 5, 4), np.float32)))
    assert refused(folder).code == "wrong_shape"


def test_cifar_batches_give_pictures_with_colors_last(tmp_path: Path) -> None:
    record = np.zeros((2, 3073), np.uint8)
    record[:, 0] = [1, 0]
    record[0, 1 : 1 + 1024] = 200  # all red
    put(tmp_path / "cifar" / "data_batch_1.bin", record.tobytes())
    put(tmp_path / "cifar" / "test_batch.bin", record[1:].tobytes())
    put(tmp_path / "cifar" / "batches.meta.txt", "airplane\ncar\n")
    table = read(tmp_path)
    assert table["image"].values.shape == (3, 32, 32, 3)
    assert table["image"].values[0, 0, 0].tolist() == [200, 0, 0]
    assert table["label"].values.tolist() == ["car", "airplane", "airplane"]
    assert table.part.tolist() == ["train", "train", "test"]
    put(tmp_path / "cifar" / "data_batch_1.bin", record.tobytes()[:-1])
    with pytest.raises(DataError, match="no whole number of records"):
        read(tmp_path)


def test_cifar_100_has_coarse_labels_too(tmp_path: Path) -> None:
    record = np.zeros((2, 3074), np.uint8)
    record[:, 0], record[:, 1] = [3, 4], [50, 60]
    put(tmp_path / "train.bin", record.tobytes())
    put(tmp_path / "test.bin", record.tobytes())
    table = read(tmp_path)
    assert list(table) == ["image", "coarse", "label"]
    assert table["coarse"].values.tolist() == [3, 4, 3, 4]
    assert table["label"].values.tolist() == [50, 60, 50, 60]


def test_the_pickled_version_of_cifar_is_refused_and_named(tmp_path: Path) -> None:
    put(tmp_path / "data_batch_1", b"\x80\x02}q\x01")
    with pytest.raises(DataError, match="binary version"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_real_sets_have_their_official_sizes(name: str, shared: Path) -> None:
    table = read(shared / name)
    assert table["image"].values.shape == (70_000, 28, 28)
    assert np.unique(table.part, return_counts=True)[1].tolist() == [10_000, 60_000]
    first = {"mnist": [5, 0, 4], "fashion-mnist": [9, 0, 0]}[name]
    assert table["label"].values[:3].tolist() == first
