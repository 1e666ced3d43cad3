"""Who ends a run early, and what is left then."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.crash.runs_made import fit, outcome, table

from glia.cli import main
from glia.compose import keeping
from glia.compose.interrupts import Interrupted
from glia.core.errors import UsageError
from glia.record.reader import events
from glia.record.runs import look
from glia.verbs.runs import stop


def at_step(patch: pytest.MonkeyPatch, step: int, act: Any) -> None:
    """Do something at the beginning of the moment after a step."""
    keep = keeping.Keeper.keep

    def acting(self: keeping.Keeper, state: Any) -> None:
        if state.step == step:
            act()
        keep(self, state)

    patch.setattr(keeping.Keeper, "keep", acting)


def test_one_interrupt_ends_training_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_step(monkeypatch, 7, lambda: signal.raise_signal(signal.SIGINT))
    before = signal.getsignal(signal.SIGINT)
    bundle = fit(table(tmp_path), tmp_path / "run")
    assert signal.getsignal(signal.SIGINT) is before
    assert bundle.result["plan"]["steps"] == 7
    assert bundle.result["plan"]["stopped"] == "interrupted"
    assert look(tmp_path / "run").state == "done"


@pytest.mark.parametrize("again", [signal.SIGINT, signal.SIGTERM])
def test_two_interrupts_stop_at_once_and_the_run_can_be_resumed(
    again: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = table(tmp_path)
    fit(source, tmp_path / "whole")
    with monkeypatch.context() as patch:
        at_step(patch, 7, lambda: [signal.raise_signal(signal.SIGINT), signal.raise_signal(again)])
        with pytest.raises(Interrupted) as caught:
            fit(source, tmp_path / "run")
    assert caught.value.exit_code == 128 + again
    assert f"--resume {tmp_path / 'run'}" in str(caught.value)
    run = look(tmp_path / "run")
    assert (run.state, run.resumable) == ("stopped", True)
    assert events(tmp_path / "run")[-1].event.code == "interrupted"
    fit(None, resume=tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


def test_an_interrupt_while_the_first_is_being_followed_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second Ctrl-C comes while the network is judged; the first one had its state saved."""
    source = table(tmp_path)
    fit(source, tmp_path / "whole")
    with monkeypatch.context() as patch:
        at_step(patch, 7, lambda: signal.raise_signal(signal.SIGINT))
        patch.setattr("glia.compose.way.judge", lambda *_: signal.raise_signal(signal.SIGINT))
        with pytest.raises(Interrupted):
            fit(source, tmp_path / "run")
    fit(None, resume=tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


def test_an_interrupt_before_training_stops_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = table(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("glia.compose.way.choose", lambda *_, **__: signal.raise_signal(signal.SIGINT))
        with pytest.raises(Interrupted):
            fit(source, tmp_path / "run")
    fit(None, resume=tmp_path / "run")
    assert look(tmp_path / "run").state == "done"


def test_a_stop_file_ends_a_run_well_and_stop_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, told = table(tmp_path), {}
    monkeypatch.setattr("glia.compose.interrupts.LOOK_EVERY", 0.0)
    stopper = threading.Thread(target=lambda: told.update(stop(tmp_path / "run")))

    def ask() -> None:
        stopper.start()
        while not (tmp_path / "run" / "stop").exists():
            time.sleep(0.01)

    at_step(monkeypatch, 6, ask)
    bundle = fit(source, tmp_path / "run")
    stopper.join(10)
    assert bundle.result["plan"]["steps"] == 6
    assert told["state"] == "done"
    with pytest.raises(UsageError, match="it is done"):
        stop(tmp_path / "run")


def test_an_application_keeps_its_own_handler_for_sigterm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        at_step(monkeypatch, 3, lambda: signal.raise_signal(signal.SIGTERM))
        fit(table(tmp_path), tmp_path / "run")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


PLACES = {
    "a step": ("glia.train.loop.update", 9),
    "an evaluation": ("glia.train.loop.measure", 3),
    "reading": ("glia.compose.way.prepare", 1),
    "planning": ("glia.compose.way.made_plan", 1),
    "judging": ("glia.compose.way.judge", 1),
    "writing the bundle": ("glia.bundle.writer._config", 1),
}


@pytest.mark.parametrize("place", PLACES)
def test_sigterm_in_the_middle_of_anything_loses_nothing(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes inside: a step is finished first and its state saved, everything else ends where it is."""
    source = table(tmp_path)
    fit(source, tmp_path / "whole")
    path, call = PLACES[place]
    home, _, name = path.rpartition(".")
    function, calls = getattr(importlib.import_module(home), name), [0]

    def struck(*given: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            signal.raise_signal(signal.SIGTERM)
        return function(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(path, struck)
        patch.setattr(keeping, "AT_EPOCH", 0.0)
        with pytest.raises(Interrupted) as caught:
            fit(source, tmp_path / "run")
    assert caught.value.exit_code == 143
    names = [one.name for one in (tmp_path / "run" / "checkpoints").glob("step-*")]
    assert bool(names) == (place not in ("reading", "planning"))
    if place == "a step":
        assert max(names) == "step-01-000000009"
    fit(None, resume=tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_sigterm_saves_within_two_seconds(tmp_path: Path) -> None:
    source, out = table(tmp_path, 4000), tmp_path / "run"
    words = ["fit", str(source), "--target", "sick", "--budget", "60s", "--out", str(out), "--net", "tabm"]
    words += ["--set", "judge.yardsticks=false", "--set", "net.width=256", "--set", "net.members=32"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "glia", *words], env=environment, stderr=subprocess.PIPE)
    try:
        ends = time.monotonic() + 60
        while time.monotonic() < ends and not any(line.event.kind() == "metric" for line in _lines(out)):
            time.sleep(0.1)
        sent, slow = time.monotonic(), _slowness(process.pid, began)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
        took = time.monotonic() - sent
    finally:
        process.kill()
    assert process.returncode == 143
    assert b"--resume" in said and b"Traceback" not in said
    assert list((out / "checkpoints").glob("step-*"))
    assert took < (2 + 1.5) * slow  # leaving the interpreter takes a moment, too
    saved = [line for line in events(out) if line.event.kind() == "checkpoint"]
    ended = [line for line in events(out) if line.event.kind() == "error"]
    assert saved and ended and ended[-1].seconds - saved[-1].seconds < 1 * slow


def _slowness(process: int, began: float) -> float:
    """Return how much longer everything takes because other programs want the processor, too."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    busy = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return max(1.0, (time.monotonic() - began) / busy)


def _lines(out: Path) -> list[Any]:
    return events(out) if (out / "events.jsonl").exists() else []


def test_the_command_line_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_step(monkeypatch, 3, lambda: [signal.raise_signal(signal.SIGINT)] * 2 and signal.raise_signal(signal.SIGTERM))
    source, out = table(tmp_path), tmp_path / "run"
    words = ["fit", str(source), "--target", "sick", "--epochs", "2", "--out", str(out), "--net", "mlp", "--quiet"]
    assert main([*words, "--set", "judge.yardsticks=false"]) == 143
    assert f"go on with glia fit --resume {out}" in capsys.readouterr().err
    monkeypatch.undo()
    assert main(["runs", str(tmp_path)]) == 0
    assert "stopped" in capsys.readouterr().out
    assert main(["show", str(out)]) == 0
    assert "--resume" in capsys.readouterr().out
    assert main(["fit", "--resume", str(out), "--quiet"]) == 0
    assert main(["fit", "--resume", str(out), "--epochs", "3", "--quiet"]) == 2
