"""The run directory: one writer, any number of readers, nothing half-written, nothing averaged away."""

from __future__ import annotations

import csv
import json
import os
import threading
from pathlib import Path

import pytest

from glia.cli import main
from glia.cli.runs import run_view
from glia.core.errors import DataError, UsageError
from glia.record import events
from glia.record.reader import events as read
from glia.record.reader import follow, scan
from glia.record.runs import find, look
from glia.record.writer import Record

NAN = float("nan")


def metric(step: int, loss: float = 0.5, trial: int = 1) -> events.Metric:
    return events.Metric(step, 100, step / 10, loss, 0.01, 1.0, trial)


def begun(folder: Path) -> Record:
    record = Record(folder)
    record.document(recipe={})
    record.emit(events.Start(record.id, "rows.csv", "1"))
    record.emit(events.Planned(1, "fp32", 100, "", "mlp", "log_loss"))
    return record


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    record = begun(tmp_path / "run")
    written = [
        metric(1),
        events.Evaluation(1, "valid", {"log_loss": 0.4}, True, -0.4, 2),
        events.Layers(1, {"a": 1.0}, {"a": 0.1}, {"a": 0.01}),
        events.Finding("x", "note", "said", {"rows": [1]}),
        events.Note("ü"),
        events.Snapshot(1, "a"),
        events.Checkpoint(1, "b"),
        events.Error("c", "d"),
        events.End(1.0, "v"),
    ]
    for event in written:
        record.emit(event)
    record.close()
    lines = read(tmp_path / "run")
    assert [line.event for line in lines][2:] == written
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))


def test_what_is_not_finite_is_null_in_events_and_said_in_what_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = begun(tmp_path / "run")
    for step in range(1, 60):
        record.emit(metric(step, NAN if step == 30 else 1 / step))
    record.emit(events.Evaluation(60, "valid", {"log_loss": NAN}))
    record.emit(metric(60, NAN))
    record.close()
    assert "NaN" not in (tmp_path / "run" / "events.jsonl").read_text()
    run = look(tmp_path / "run")
    assert run.metrics[29].loss is None
    run_view(run)
    said = capsys.readouterr().out
    assert "×" in said and "not finite" in said
    rows = list(csv.DictReader((tmp_path / "run" / "metrics.csv").open()))
    assert rows[29]["loss"] == "nan" and rows[59]["loss"] == "nan"


def test_the_table_has_one_row_a_measurement_and_validation_beside_it(tmp_path: Path) -> None:
    record = begun(tmp_path / "run")
    for step in (10, 20):
        record.emit(events.Evaluation(step, "valid", {"log_loss": step / 100}))
        record.emit(metric(step))
    record.emit(metric(30))
    record.close()
    rows = list(csv.DictReader((tmp_path / "run" / "metrics.csv").open()))
    assert [(row["step"], row["valid_log_loss"]) for row in rows] == [("10", "0.1"), ("20", "0.2"), ("30", "")]


def test_half_a_line_is_left_for_later_by_readers_and_removed_by_the_next_writer(tmp_path: Path) -> None:
    record = begun(tmp_path / "run")
    record.emit(metric(1))
    record.close()
    path = tmp_path / "run" / "events.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'[4,"metric",0.1,{"step"')
    assert len(read(tmp_path / "run")) == 3
    again = Record(tmp_path / "run", resume=True)
    again.emit(metric(2))
    again.close()
    assert [line.number for line in read(tmp_path / "run")] == [1, 2, 3, 4]


def test_a_line_that_cannot_be_written_whole_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = begun(tmp_path / "run")
    before = (tmp_path / "run" / "events.jsonl").read_bytes()
    write, calls = os.write, [0]

    def filling_up(handle: int, data: bytes) -> int:
        calls[0] += 1
        if calls[0] == 1:
            return write(handle, data[:5])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", filling_up)
        with pytest.raises(DataError, match="bytes needed") as caught:
            record.emit(metric(1))
    assert caught.value.code == "disk_full"
    assert (tmp_path / "run" / "events.jsonl").read_bytes() == before
    record.emit(metric(1))
    record.close()
    assert len(read(tmp_path / "run")) == 3


def test_lines_of_strangers_are_passed_over(tmp_path: Path) -> None:
    record = begun(tmp_path / "run")
    record.close()
    with (tmp_path / "run" / "events.jsonl").open("a") as file:
        file.write('[3,"metric",0.1,{"step":"one"}]\n{}\n[4]\nnull\n[5,"later_kind",0.1,{}]\n')
        file.write("[" * 5000 + "\n" + '[6,"note",0.2,{"text":"good","more":1}]\n')
    lines = read(tmp_path / "run")
    assert [line.event.kind() for line in lines] == ["start", "planned", "note"]


def test_any_number_of_readers_follow_a_run_while_it_is_written(tmp_path: Path) -> None:
    record = begun(tmp_path / "run")
    seen: list[list[int]] = [[], [], []]

    def reading(mine: list[int]) -> None:
        mine += [line.number for line in follow(tmp_path / "run", every=0.005)]

    readers = [threading.Thread(target=reading, args=(mine,)) for mine in seen]
    for reader in readers:
        reader.start()
    for step in range(200):
        record.emit(metric(step))
    record.emit(events.End(1.0, ""))
    for reader in readers:
        reader.join(10)
    record.close()
    assert seen == [list(range(1, 204))] * 3


def test_following_ends_when_the_process_is_gone(tmp_path: Path) -> None:
    record = begun(tmp_path / "run")
    record.close()
    assert len(list(follow(tmp_path / "run", every=0.01))) == 2


def test_a_resumed_run_is_told_without_what_it_did_twice(tmp_path: Path) -> None:
    record = begun(tmp_path / "run")
    for step in (10, 20, 30):
        record.emit(metric(step))
    record.close()
    again = Record(tmp_path / "run", resume=True)
    again.emit(events.Start(again.id, "rows.csv", "1", resumed=True, step=20))
    again.emit(metric(25))
    again.close()
    assert [one.step for one in look(tmp_path / "run").metrics] == [10, 20, 25]
    third = Record(tmp_path / "run", resume=True)
    third.close()
    rows = list(csv.DictReader((tmp_path / "run" / "metrics.csv").open()))
    assert [row["step"] for row in rows] == ["10", "20", "25"]


def test_states_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ends = {
        "done": events.End(9.0, "", "", "accuracy", {"value": 0.9, "low": 0.8, "high": 0.95}),
        "failed": events.Error("disk_full", "No space left on device", "free some"),
        "stopped": events.Error("interrupted", "stopped at once", "go on"),
        "interrupted": None,
    }
    for name, end in ends.items():
        record = begun(tmp_path / name)
        if end is not None:
            record.emit(end)
        record.close()
    running = begun(tmp_path / "running")
    running.emit(events.Evaluation(1, "valid", {"log_loss": 0.25}, True))
    assert {run.folder.name: run.state for run in find(tmp_path)} == {name: name for name in (*ends, "running")}
    assert main(["runs", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "accuracy 0.900 (0.800–0.950)" in said and "log loss 0.250" in said
    assert main(["runs", str(tmp_path), "--json"]) == 0
    assert {run["state"] for run in json.loads(capsys.readouterr().out)["runs"]} == {*ends, "running"}
    running.close()


def test_a_new_run_never_touches_what_is_worth_keeping(tmp_path: Path) -> None:
    begun(tmp_path / "failed").close()
    record = begun(tmp_path / "failed")  # nothing was lost with it
    record.close()
    assert len(scan(tmp_path / "failed")) == 2
    (tmp_path / "failed" / "checkpoints").mkdir()
    with pytest.raises(UsageError, match="--resume"):
        Record(tmp_path / "failed")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("")
    with pytest.raises(UsageError, match=r"thesis\.tex"):
        Record(tmp_path / "mine")


def test_a_folder_that_is_no_run_is_no_run(tmp_path: Path) -> None:
    for act in (read, look, lambda folder: list(follow(folder)), lambda folder: Record(folder, resume=True)):
        with pytest.raises(UsageError, match="no run"):
            act(tmp_path)
    assert find(tmp_path) == []
    assert find(tmp_path / "absent") == []


def test_versions_and_machine_are_written_down_first(tmp_path: Path) -> None:
    record = Record(tmp_path / "run")
    record.document(recipe={"seed": 1})
    record.document(determinism={"threads": 1})
    record.close()
    document = json.loads((tmp_path / "run" / "run.json").read_text())
    assert {"id", "began", "versions", "machine", "recipe", "determinism"} <= set(document)
    assert {"glia", "python", "torch", "numpy"} == set(document["versions"])
