"""Who watches a run: its own files for TensorBoard, and a display whose end is not the run's."""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.crash.runs_made import fit, table

from glia.core.errors import DataError, UsageError
from glia.record import events
from glia.record.reader import events as read
from glia.record.sinks import sink, undisturbed

NAN = float("nan")


def scalars(folder: Path) -> list[tuple[str, int, float]]:
    """Return what another program's reader finds in TensorBoard's files, every checksum compared."""
    board = pytest.importorskip("tensorboardX.proto.event_pb2")
    masked = pytest.importorskip("tensorboardX.record_writer").masked_crc32c
    found = []
    for path in sorted(folder.glob("events.out.tfevents.*")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            head = data[at : at + 8]
            (size,) = struct.unpack("<Q", head)
            body = data[at + 12 : at + 12 + size]
            assert struct.unpack("<I", data[at + 8 : at + 12])[0] == masked(head)
            assert struct.unpack("<I", data[at + 12 + size : at + 16 + size])[0] == masked(body)
            at += 16 + size
            event = board.Event.FromString(body)
            if event.HasField("session_log"):
                found.append(("(start)", event.step, float(event.session_log.status)))
            found += [(one.tag, event.step, one.simple_value) for one in event.summary.value]
    return found


def metric(step: int, loss: float | None = 0.5, trial: int = 1) -> events.Metric:
    return events.Metric(step, 100, step / 10, loss, 0.01, 1.0, trial)


def test_tensorboard_gets_what_the_events_say(tmp_path: Path) -> None:
    fit(table(tmp_path), tmp_path / "run", track="tensorboard")
    found = scalars(tmp_path / "run" / "tensorboard")
    said = [line.event for line in read(tmp_path / "run")]
    losses = [(one.step, pytest.approx(one.loss)) for one in said if isinstance(one, events.Metric)]
    assert [(step, value) for tag, step, value in found if tag == "train/loss"] == losses
    valid = [(one.step, pytest.approx(one.values["log_loss"])) for one in said if isinstance(one, events.Evaluation)]
    assert [(step, value) for tag, step, value in found if tag == "valid/log_loss"] == valid
    assert any(tag.startswith("gradient/") for tag, _, _ in found)


def test_what_is_not_finite_is_a_gap_and_what_is_too_large_is_cut(tmp_path: Path) -> None:
    both = sink("tensorboard")(tmp_path, lambda event: None)
    for event in (metric(1, None), metric(300, 1e300), events.Evaluation(1, "valid", {"x": NAN}), events.End(1.0, "")):
        both(event)
    found = {(tag, step): value for tag, step, value in scalars(tmp_path / "tensorboard")}
    assert str(found["train/loss", 1]) == "nan"
    assert 3e38 < found["train/loss", 300] < 4e38


def test_a_resumed_run_and_every_trial_have_curves_of_their_own(tmp_path: Path) -> None:
    first = sink("tensorboard")(tmp_path, lambda event: None)
    for event in (events.Start("a", "b", "c"), metric(1), metric(2), metric(1, trial=2), events.Error("x", "y")):
        first(event)
    again = sink("tensorboard")(tmp_path, lambda event: None)
    again(events.Start("a", "b", "c", True, 1, 1))
    again(metric(2))
    again(events.End(1.0, ""))
    assert ("(start)", 2, 1.0) in scalars(tmp_path / "tensorboard")  # what came from there on is done again
    assert [step for tag, step, _ in scalars(tmp_path / "tensorboard" / "trial-2") if tag == "train/loss"] == [1]


def test_a_full_disk_is_told_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = sink("tensorboard")(tmp_path, lambda event: None)
    both(metric(1))

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DataError, match="bytes needed") as caught:
        both(metric(2))
    assert "tfevents" in str(caught.value.file)


def test_other_programs_are_not_known() -> None:
    with pytest.raises(UsageError, match="choose tensorboard"):
        sink("wandb")


def test_a_watcher_that_fails_hears_no_more_and_one_that_means_it_is_heard() -> None:
    heard = []

    def closed(event: events.Event) -> None:
        heard.append(event)
        try:
            raise BrokenPipeError
        except BrokenPipeError:
            raise SystemExit(1)  # noqa: B904 - as rich does

    watch = undisturbed(closed)
    watch(events.Note("a"))
    watch(events.Note("b"))
    assert len(heard) == 1

    def meant(event: events.Event) -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        undisturbed(meant)(events.Note("a"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("screen", ["full", "closed"])
def test_a_run_outlives_its_screen(screen: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "glia", "fit", str(table(tmp_path)), "--target", "sick", "--epochs", "2"]
    words += ["--net", "mlp", "--set", "judge.yardsticks=false", "--out", str(tmp_path / "run")]
    if screen == "full":
        with Path("/dev/full").open("w") as device:
            subprocess.run(words, stdout=subprocess.DEVNULL, stderr=device, check=False, timeout=100)
    else:
        reading, writing = os.pipe()
        os.close(reading)
        with contextlib.closing(os.fdopen(writing, "w")) as pipe:
            subprocess.run(words, stdout=subprocess.DEVNULL, stderr=pipe, check=False, timeout=100)
    assert read(tmp_path / "run")[-1].event.kind() == "end"
    assert (tmp_path / "run" / "bundle").is_dir()
