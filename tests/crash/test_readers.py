"""Whoever reads a run's directory changes nothing in it, and nothing of the run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.crash.runs_made import fit, often, outcome, table

from glia.cli import main
from glia.record.reader import events, follow
from glia.record.runs import find, look
from glia.record.writer import Record

IMPATIENT = """
import sys, time
from pathlib import Path
from glia.record.reader import follow
from glia.record.runs import find
run, over = Path(sys.argv[1]), Path(sys.argv[2])
while not over.exists():
    find(run.parent)
    if (run / "events.jsonl").exists():
        list(follow(run, every=0.001))
    else:
        time.sleep(0.001)
"""


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes() if path.is_file() else b"", path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


def test_reading_leaves_every_byte_and_time_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit(table(tmp_path), tmp_path / "runs" / "one")
    half = Record(tmp_path / "runs" / "two")
    half.document(recipe={})
    half.close()
    before = contents(tmp_path / "runs")
    for name in ("one", "two"):
        run = str(tmp_path / "runs" / name)
        for words in (["show", run], ["show", run, "--json"], ["show", run, "--follow"]):
            assert main(words) == 0
    assert main(["runs", str(tmp_path / "runs")]) == 0
    assert main(["runs", str(tmp_path / "runs"), "--json"]) == 0
    assert main(["check", str(tmp_path / "runs" / "one")]) == 0
    capsys.readouterr()
    assert contents(tmp_path / "runs") == before


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="readers are forked")
def test_twenty_impatient_readers_and_one_that_sleeps_leave_a_run_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, run = table(tmp_path), tmp_path / "runs" / "one"
    often(monkeypatch)
    whole = fit(source, tmp_path / "whole")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", IMPATIENT, str(run), str(tmp_path / "over")]
    readers = [subprocess.Popen(words, env=environment) for _ in range(2)]
    over = threading.Event()

    def hammer() -> None:
        while not over.is_set():
            with contextlib.suppress(Exception):
                look(run)

    threads = [threading.Thread(target=hammer) for _ in range(18)]
    sleeper = subprocess.Popen(["sleep", "100"], stdin=subprocess.DEVNULL)
    for thread in threads:
        thread.start()
    try:
        bundle = fit(source, run)
    finally:
        over.set()
        (tmp_path / "over").touch()
        for thread in threads:
            thread.join()
        codes = [reader.wait(20) for reader in readers]
        sleeper.kill()
    assert codes == [0, 0]
    assert outcome(run) == outcome(tmp_path / "whole")
    assert bundle.result["scores"] == whole.result["scores"]
    lines = events(run)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert find(run.parent)[0].state == "done"


def test_a_reader_far_behind_still_gets_every_event(tmp_path: Path) -> None:
    fit(table(tmp_path), tmp_path / "run")
    lines = [line.number for line in follow(tmp_path / "run", every=0.01)]
    assert lines == [line.number for line in events(tmp_path / "run")]
