"""Rows in files: every row once an epoch, in an order that is a full shuffle, gone on with to the bit."""

from __future__ import annotations

from collections import Counter
from itertools import islice, permutations
from pathlib import Path

import numpy as np
import pytest
import torch

from glia.core.errors import DataError
from glia.core.values import Spec
from glia.streams._shards import Layout, Shards, Writer
from glia.streams.blocks import Blocks

SPECS = {"target": Spec(("feature",), (1,), "int64", classes=(("no", "yes"),))}


def written(folder: Path, rows: int = 1000, seed: int = 0, piece: int = 128, most: int = 4096) -> Shards:
    number = np.arange(rows, dtype=np.float32)[:, None]
    groups = {"number": number, "target": (np.arange(rows) % 10 == 0).astype(np.int64)[:, None]}
    writer = Writer(folder / "shards", Layout(groups, SPECS), rows, most=most, seed=seed)
    for at in range(0, rows, piece):
        some = {name: one[at : at + piece] for name, one in groups.items()}
        ids = np.arange(rows)[at : at + piece]
        writer.add(some, 1 + ids.astype(np.float32), ids)
    return writer.finish("mark", left_out={})


def epoch(stream: Blocks) -> list[torch.Tensor]:
    return [batch.row for batch in islice(stream.batches(), stream.steps_per_epoch)]


def test_every_row_comes_once_an_epoch_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    shards = written(tmp_path)
    assert len(shards.counts) > 3
    stream = Blocks(shards, batch_size=64, window=2048, block=256)
    batches = list(islice(stream.batches(), stream.steps_per_epoch))
    rows = torch.cat([batch.row for batch in batches])
    assert sorted(rows.tolist()) == list(range(1000))
    assert [len(batch) for batch in batches] == [64] * 15 + [40]
    torch.testing.assert_close(torch.cat([batch.values["number"][:, 0] for batch in batches]), rows.float())
    torch.testing.assert_close(torch.cat([batch.values["target"][:, 0] for batch in batches]), (rows % 10 == 0).long())
    torch.testing.assert_close(torch.cat([batch.weight for batch in batches]), 1 + rows.float())
    again = torch.cat(epoch(stream))
    assert sorted(again.tolist()) == list(range(1000))
    assert not torch.equal(again, rows)


def test_a_resumed_stream_goes_on_to_the_bit_from_any_step(tmp_path: Path) -> None:
    shards = written(tmp_path)
    straight = list(islice(Blocks(shards, batch_size=48, window=2048, block=256, seed=3).batches(), 50))
    for step in (1, 7, 20, 21, 22, 42):
        stream = Blocks(shards, batch_size=48, window=2048, block=256, seed=3)
        list(islice(stream.batches(), step))
        other = Blocks(shards, batch_size=48, window=2048, block=256, seed=3)
        other.load_state_dict(stream.state_dict())
        for one, two in zip(straight[step:], other.batches(), strict=False):
            assert torch.equal(one.row, two.row), step
            assert torch.equal(one.values["number"], two.values["number"])


def test_the_files_hold_every_order_with_the_same_probability(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glia.streams._shards.write_json", lambda path, document: None)  # waits for the disk
    counts: Counter[tuple[int, ...]] = Counter()
    tries = 960
    for seed in range(tries):  # four rows of 17 bytes in two files, scattered from pieces of two
        shards = written(tmp_path, rows=4, seed=seed, piece=2, most=40)
        assert len(shards.counts) == 2
        order = [row for at, n in enumerate(shards.counts) if n for row in shards.stretch(at, 0, n)["row"].tolist()]
        counts[tuple(order)] += 1
    expected = tries / 24
    chi = sum((counts[order] - expected) ** 2 / expected for order in permutations(range(4)))
    assert chi < 49.7  # the 99.9 % quantile for 23 degrees of freedom


def test_batches_of_a_rare_class_hold_their_share(tmp_path: Path) -> None:
    shards = written(tmp_path)
    stream = Blocks(shards, batch_size=50, window=1 << 20, block=256, strata="target")
    shares = [int(batch.values["target"].sum()) for batch in islice(stream.batches(), stream.steps_per_epoch)]
    assert set(shares) <= {4, 5, 6}
    assert sum(shares) == 100


def test_what_is_held_in_memory_is_one_window_shared_by_all_streams(tmp_path: Path) -> None:
    shards = written(tmp_path)
    first, second = (Blocks(shards, batch_size=10, window=2048, block=256) for _ in range(2))
    next(first.batches())
    held = shards._held
    next(second.batches())
    assert held is not None and shards._held is held
    assert held[1].nbytes <= 2048


def test_shards_are_found_again_only_whole_and_of_the_same_rows(tmp_path: Path) -> None:
    shards = written(tmp_path)
    found = Shards.found(shards.folder, shards.layout, "mark")
    assert found is not None
    assert (found.counts, found.digest) == (shards.counts, shards.digest)
    assert Shards.found(shards.folder, shards.layout, "other") is None
    file = shards.folder / "00000.rows"
    file.write_bytes(file.read_bytes()[:-1])
    assert Shards.found(shards.folder, shards.layout, "mark") is None
    shards.remove()
    assert not shards.folder.exists()


def test_a_disk_without_room_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    groups = {"number": np.zeros((1, 1), np.float32)}
    with pytest.raises(DataError, match="free where the run is written") as error:
        Writer(tmp_path / "shards", Layout(groups, {}), 10**15)
    assert error.value.code == "no_disk"
    assert not (tmp_path / "shards").exists()


def test_codes_take_the_bytes_they_need_and_come_back_as_they_were(tmp_path: Path) -> None:
    token = np.array([[3, 4, 0], [5, 0, 0]], np.int32)
    category = np.array([[0], [300]], np.int64)
    spec = {"category": Spec(("feature",), (1,), "int64", classes=(tuple(map(str, range(301))),))}
    layout = Layout({"token": token, "category": category}, spec)
    assert layout.dtype["category"].base == np.uint16
    longer = np.array([[3, 4, 7, 9], [5, 0, 0, 0]], np.int32)
    batch = layout.batch(layout.records({"token": longer, "category": category}, np.ones(2), np.arange(2)))
    assert batch.values["token"].tolist() == [[3, 4, 7], [5, 0, 0]]
    assert batch.values["category"].tolist() == category.tolist()
    assert batch.values["category"].dtype == torch.int64
    assert batch.ragged == ("token",)
    assert batch.take(slice(1, 2)).values["token"].tolist() == [[5]]
