"""Tables larger than memory: a sample decides, every other row trains, and nothing that judges leaks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import glia
from glia.compose import keeping, large, sieve
from glia.compose.clock import Clock, late
from glia.compose.prepare import Sources, prepare
from glia.compose.prepared import Prepared
from glia.core.errors import DataError, UsageError
from glia.core.finding import Finding
from glia.core.recipe import Recipe

ROWS = 50_000
QUICK = {"data.memory": "6MiB", "net.width": 8, "net.members": 2, "net.depth": 1, "judge.yardsticks": "false"}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 3))
    color = rng.choice(["red", "green", "blue"], ROWS)
    y = np.where(x[:, 0] + (color == "red") + 0.3 * rng.normal(size=ROWS) > 0.3, "yes", "no")
    path = tmp_path_factory.mktemp("large") / "table.csv"
    rows = (f"{at},{a:.5f},{b:.5f},{c:.5f},{k},{t}" for at, (a, b, c), k, t in zip(range(ROWS), x, color, y))
    path.write_text("place,a,b,c,color,sick\n" + "\n".join(rows) + "\n")
    return path


def recipe(**data: Any) -> Recipe:
    return Recipe().with_(data={"target": ["sick"], "memory": "6MiB", "columns": {"place": "number"}, **data})


def prepared(path: Path, room: Path, found: list[Finding] | None = None, **data: Any) -> Prepared:
    notes = [] if found is None else found
    return prepare(Sources(path), recipe(**data), notes.append, room=room)


def stored(made: Prepared) -> np.ndarray:
    """Return all records, in the order of the files."""
    assert made.shards is not None
    return np.concatenate([made.shards.stretch(at, 0, count) for at, count in enumerate(made.shards.counts) if count])


def test_all_rows_train_but_those_that_judge(table: Path, tmp_path: Path) -> None:
    found: list[Finding] = []
    made = prepared(table, tmp_path / "shards", found)
    assert made.large is not None and made.shards is not None
    records = stored(made)
    sample, train = made.large.numbers, made.split.train
    held = np.delete(sample, train)
    assert 2_000 <= len(sample) < 0.2 * ROWS
    assert len(held) > 100
    np.testing.assert_array_equal(np.sort(records["row"]), np.setdiff1d(np.arange(ROWS), held))
    assert made.rows("train") == ROWS - len(held)
    judging = np.concatenate([made.raw[part]["place"].values for part in ("valid", "calibration", "test")]).astype(int)
    assert not set(records["row"].tolist()) & set(judging.tolist())
    assert abs(np.corrcoef(np.arange(len(records)), records["row"])[0, 1]) < 0.03
    said = next(one for one in found if one.code == "streamed")
    assert said.evidence["rows"] == ROWS
    assert said.evidence["training"] == len(records)
    assert said.evidence["bytes"] == sum(file.stat().st_size for file in (tmp_path / "shards").glob("*.rows"))
    assert "a sample of" in said.text


def test_streamed_rows_are_encoded_as_those_of_the_sample_are(table: Path, tmp_path: Path) -> None:
    made = prepared(table, tmp_path / "shards")
    records = stored(made)
    assert made.large is not None
    order = np.argsort(records["row"])
    at = order[np.searchsorted(records["row"][order], made.large.numbers[made.split.train])]
    for name, values in made.inputs["train"].items():
        np.testing.assert_array_equal(records[name][at], values)
    np.testing.assert_array_equal(records["target"][at], made.targets["train"])


def test_a_large_fit_uses_the_rows_goes_on_to_the_bit_and_leaves_no_shards(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "EVERY", 0.02)
    monkeypatch.setattr(keeping, "SHARE", 1.0)  # however slow the disk, a checkpoint is made before training ends
    words: dict[str, Any] = {"target": "sick", "epochs": 2, "columns": {"place": "id"}}
    whole = glia.fit(table, out=tmp_path / "whole", settings=QUICK, **words)
    assert whole.result["rows"]["train"] > 0.9 * ROWS
    assert whole.result["plan"]["steps"] == 2 * -(-whole.result["rows"]["train"] // 256)
    assert whole.result["recipe"]["data"]["memory"] == 6 << 20
    assert whole.result["scores"]["test"]["accuracy"]["value"] > 0.8
    assert not (tmp_path / "whole" / "shards").exists()

    def leave(event: Any) -> None:
        if type(event).__name__ == "Checkpoint" and event.step > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        glia.fit(table, out=tmp_path / "cut", settings=QUICK, watch=leave, **words)
    shards = tmp_path / "cut" / "shards"
    assert len(list(shards.glob("*.rows"))) > 1
    monkeypatch.setattr(sieve.Sieve, "into", None)  # what is there is not written again
    seen: list[Any] = []
    again = glia.fit(None, resume=tmp_path / "cut", watch=seen.append)
    assert seen[0].resumed
    assert 20 < seen[0].step < whole.result["plan"]["steps"]
    assert not shards.exists()
    for one, other in zip(whole.module.state_dict().values(), again.module.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_a_changed_file_is_refused_when_the_run_goes_on(table: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy.csv"
    path.write_bytes(table.read_bytes())

    def leave(event: Any) -> None:
        if type(event).__name__ == "Planned":
            raise KeyboardInterrupt

    words: dict[str, Any] = {"target": "sick", "epochs": 1, "columns": {"place": "id"}}
    with pytest.raises(KeyboardInterrupt):
        glia.fit(path, out=tmp_path / "cut", settings=QUICK, watch=leave, **words)
    text = path.read_text()
    path.write_text(text.replace("red", "blue", 1))
    with pytest.raises(DataError, match="not those that the run began with"):
        glia.fit(None, resume=tmp_path / "cut")


def test_groups_that_judge_and_times_after_training_do_not_train(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    group, day = rng.integers(0, 300, ROWS), np.sort(rng.integers(0, 700, ROWS))
    x = rng.normal(size=(ROWS, 2))
    path = tmp_path / "rows.csv"
    dates = np.datetime64("2020-01-01") + day
    lines = (f"{a:.5f},{b:.5f},g{g},{d},{'yes' if a > 0 else 'no'}" for (a, b), g, d in zip(x, group, dates))
    path.write_text("a,b,who,day,sick\n" + "\n".join(lines) + "\n")
    made = prepared(path, tmp_path / "one", columns={}, group="who")
    trained = {f"g{group[row]}" for row in stored(made)["row"]}
    assert not trained & set(made.raw["test"]["who"].values)
    assert len(trained) > 100
    made = prepared(path, tmp_path / "two", columns={}, time="day")
    latest = max(made.raw["train"]["day"].values)
    assert all(str(dates[row]) <= latest for row in stored(made)["row"])
    assert len(stored(made)) > 0.5 * ROWS


def test_copies_of_rows_that_judge_unknown_labels_and_empty_ones_are_left_out_and_counted(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    code = rng.integers(0, 4000, ROWS)  # each row is there about twelve times
    label = np.where(code % 2, "odd", "even").astype(object)
    label[17], label[18], label[19] = "rare", "rare", ""
    path = tmp_path / "rows.csv"
    lines = (f"{c},{c * 0.12345:.5f},{c * c * 0.54321:.5f},{t}" for c, t in zip(code, label))
    path.write_text("a,b,c,sick\n" + "\n".join(lines) + "\n")
    found: list[Finding] = []
    made = prepared(path, tmp_path / "shards", found, columns={})
    assert made.large is not None
    if {17, 18} & set(made.large.numbers.tolist()):
        pytest.skip("the sample has come to know the label")
    trained = stored(made)["row"]
    judging = set(made.raw["test"]["a"].values.tolist())
    assert not {str(code[row]) for row in trained} & judging
    assert not {17, 18, 19} & set(trained.tolist())
    said = next(one for one in found if one.code == "streamed")
    assert said.severity == "warning"
    assert said.evidence["left_out"][sieve.UNSEEN] == 2
    assert said.evidence["left_out"]["that are copies of those"] > 1000
    assert "2 with a label that the sample lacks" in said.text


def test_what_cannot_be_had_of_a_large_table_is_refused(table: Path, tmp_path: Path) -> None:
    for setting in ("train.batch_size=full", "data.split=1000,500,500"):
        with pytest.raises(UsageError, match="does not fit") as error:
            glia.fit(table, target="sick", out=tmp_path / setting, settings=["data.memory=6MiB", setting])
        assert error.value.code == "too_large"
    with pytest.raises(UsageError, match="order matters"):
        glia.fit(table, target="a", task="forecast", out=tmp_path / "f", settings=["data.memory=6MiB"])


def test_a_test_table_larger_than_memory_is_sampled_and_said(table: Path, tmp_path: Path) -> None:
    found: list[Finding] = []
    made = prepare(Sources(table, test=table), recipe(), found.append, room=tmp_path / "shards")
    said = next(one for one in found if one.evidence.get("part") == "test")
    assert said.evidence == {"part": "test", "rows": ROWS, "sample": len(made.raw["test"])}
    assert "sample of" in said.text


def test_a_budget_that_reading_uses_up_is_said() -> None:
    now = time.perf_counter()
    assert late(Clock(now - 10, None), 5) is None
    assert late(Clock(now - 10, 30.0), 5) is None
    found = late(Clock(now - 20, 30.0), 5)
    assert found is not None
    assert found.code == "budget_spent_reading"
    assert "20 s of a budget of 30 s" in found.text
    assert "--budget 70s" in found.remedy


def test_memory_is_a_size_in_words_or_bytes() -> None:
    assert recipe(memory="1.5GiB").data.memory == 3 << 29
    assert recipe(memory=4096).data.memory == 4096
    assert recipe(memory=None).data.memory is None
    with pytest.raises(UsageError, match=r"data\.memory"):
        recipe(memory="much")


def test_a_table_that_fits_is_read_as_ever(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepare(Sources(table), recipe(memory="2GiB"), room=tmp_path / "shards")
    assert made.large is None and made.shards is None
    assert sum(map(len, made.targets.values())) == ROWS
    monkeypatch.setattr(large, "available", lambda: 8 << 20)  # half of what is free is the rule
    assert prepare(Sources(table), recipe(memory=None), room=tmp_path / "shards").large is not None


def test_a_disk_without_room_is_refused_and_nothing_stays(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1 << 16

    monkeypatch.setattr("glia.streams._shards.shutil.disk_usage", lambda path: Usage)
    with pytest.raises(DataError, match="are free where the run is written") as error:
        prepared(table, tmp_path / "shards")
    assert error.value.code == "no_disk"
    assert not (tmp_path / "shards").exists()
