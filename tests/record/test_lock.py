"""Who writes a run is known by a lock that goes with its process, and with nothing else."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from glia.record.lock import held
from glia.record.runs import look
from glia.record.writer import Record


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_worker_that_outlives_a_killed_run_does_not_seem_to_write_it(tmp_path: Path) -> None:
    ready, told = os.pipe()
    child = os.fork()
    if not child:
        record = Record(tmp_path / "run")
        record.document(recipe={})
        worker = os.fork()
        if not worker:
            signal.pause()
        os.write(told, str(worker).encode())
        signal.pause()
    worker = int(os.read(ready, 20))
    try:
        assert held(tmp_path / "run" / "events.jsonl")
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.kill(worker, 0)  # it lives
        assert look(tmp_path / "run").state == "interrupted"
        Record(tmp_path / "run", resume=True).close()
    finally:
        os.kill(worker, signal.SIGKILL)


def test_a_run_that_is_done_is_done_though_its_files_are_still_open(tmp_path: Path) -> None:
    from glia.record import events

    record = Record(tmp_path / "run")
    record.emit(events.Start("a", "b", "c"))
    assert look(tmp_path / "run").state == "running"
    record.emit(events.End(2.5, "better", "the clock ended training"))
    run = look(tmp_path / "run")
    record.close()
    assert (run.state, run.seconds, run.stopped) == ("done", 2.5, "the clock ended training")
