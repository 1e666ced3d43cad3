"""Checkpoints: whole or not there, every changed byte found, nothing run when a stranger's is read."""

from __future__ import annotations

import json
import math
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from glia.core.errors import DataError, UsageError
from glia.core.manifest import seal
from glia.train import checkpoint
from glia.train.checkpoint import Checkpoints, packed, read_tree, unpacked, write_tree

TREE = {
    "step": 3,
    "best": float("-inf"),
    "loss": [0.25, float("nan"), 1e-310],
    "nets": {"net": {"weight": torch.randn(64, 16), "count": torch.tensor(7)}},
    "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}, "groups": [{"betas": (0.9, 0.999), "eps": None}]},
    "random": torch.arange(50, dtype=torch.uint8),
    "half": torch.ones(3, dtype=torch.bfloat16),
    "$odd": True,
}


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, float) and math.isnan(one):
        return math.isnan(other)
    return type(one) is type(other) and one == other


def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    write_tree(tmp_path / "step-1", TREE)
    assert same(read_tree(tmp_path / "step-1"), TREE)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@given(tree=st.dictionaries(st.text() | st.integers(), VALUES))
def test_any_tree_of_plain_values_comes_back(tree: dict[Any, Any]) -> None:
    document, tensors = packed(tree)
    assert same(unpacked(json.loads(json.dumps(document, allow_nan=False)), tensors), tree)


def test_what_is_no_tensor_and_no_json_value_is_refused() -> None:
    with pytest.raises(UsageError, match="a/0 is a object"):
        packed({"a": [object()]})


def test_a_state_is_copied_before_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = checkpoint._store
    weights = torch.zeros(4)

    def late(*given: Any) -> None:
        weights.fill_(9.0)
        store(*given)

    monkeypatch.setattr(checkpoint, "_store", late)
    kept = Checkpoints(tmp_path)
    kept.submit("step-1", {"w": weights})
    kept.wait()
    assert torch.equal(read_tree(tmp_path / "step-1")["w"], torch.zeros(4))


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path / "checkpoints")
    for step in range(5):
        kept.submit(f"step-{step}", {"step": step})
    kept.wait()
    assert kept.names() == ["step-3", "step-4"]
    assert kept.newest() == ("step-4", {"step": 4})


def test_a_failed_write_is_told_to_who_trains_and_older_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Checkpoints(tmp_path)
    kept.submit("step-1", {"step": 1})
    kept.wait()

    def full(*_: object) -> None:
        raise DataError("disk_full", "No space left on device")

    monkeypatch.setattr(checkpoint, "_store", full)
    kept.submit("step-2", {"step": 2})
    with pytest.raises(DataError, match="No space"):
        kept.wait()
    kept.wait()
    assert kept.newest() == ("step-1", {"step": 1})


def test_without_another_thread_it_is_written_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    kept = Checkpoints(tmp_path)
    kept.submit("step-1", {"step": 1})
    assert kept.newest() == ("step-1", {"step": 1})


def test_every_changed_or_lost_byte_region_is_found_and_its_file_named(tmp_path: Path) -> None:
    """Bits flipped, files cut and lengthened in every region of every file."""
    write_tree(tmp_path / "step-1", TREE)
    chance, found, trials = random.Random(0), 0, 0
    for path in sorted((tmp_path / "step-1").iterdir()):
        data = path.read_bytes()
        places = [round(index * (len(data) - 1) / 169) for index in range(170)]
        damaged = [bytes([*data[:at], data[at] ^ (1 << chance.randrange(8)), *data[at + 1 :]]) for at in places]
        damaged += [data[:at] for at in places[::17]] + [data + b"\0", b""]
        for one in damaged:
            if one == data:
                continue
            path.write_bytes(one)
            trials += 1
            with pytest.raises(DataError) as caught:
                read_tree(tmp_path / "step-1")
            found += Path(str(caught.value.file)).name == path.name or path.name in str(caught.value)
        path.write_bytes(data)
    assert trials >= 500
    assert found == trials
    assert same(read_tree(tmp_path / "step-1"), TREE)


def test_damaged_ones_are_passed_over_newest_first(tmp_path: Path) -> None:
    kept, said = Checkpoints(tmp_path), []
    for step in (1, 2):
        kept.submit(f"step-{step}", {"step": step})
    kept.wait()
    (tmp_path / "step-2" / "tensors.safetensors").unlink()
    assert kept.newest(said.append) == ("step-1", {"step": 1})
    assert "step-2" in said[0] and "tensors.safetensors" in said[0]
    assert kept.names() == ["step-1"]
    shutil.rmtree(tmp_path / "step-1")
    assert kept.newest() is None


@pytest.mark.parametrize(
    "document",
    [
        {"a": {"$call": "os.system"}},
        {"a": {"$tensor": "nowhere"}},
        {"a": {"$tensor": ["x"]}},
        {"a": {"$float": "one"}},
        {"a": {"$pairs": [1, 2]}},
        {"a": {"$tuple": 3}},
        ["no", "state"],
    ],
)
def test_a_strangers_document_is_refused_plainly(document: Any, tmp_path: Path) -> None:
    write_tree(tmp_path / "step-1", {"w": torch.ones(1)})
    (tmp_path / "step-1" / "state.json").write_text(json.dumps(document))
    (tmp_path / "step-1" / "manifest.json").unlink()
    seal(tmp_path / "step-1")
    with pytest.raises(DataError, match="not a state"):
        read_tree(tmp_path / "step-1")
