"""What a run's directory says, in one look: its state, how far it is, how good it is so far."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from glia.core.errors import GliaError
from glia.record import events
from glia.record.lock import held
from glia.record.reader import Line, no_run, run_document, scan

__all__ = ["Run", "find", "look", "seen"]

_Measured = TypeVar("_Measured", events.Metric, events.Evaluation)


@dataclass
class Run:
    """A run as its directory shows it.

    Args:
        folder: The directory.
        state: ``"running"``, ``"done"``, ``"failed"``, ``"stopped"`` or ``"interrupted"``; the last two can be resumed.
        net: The network's name; empty before it is known.
        source: What it learns from.
        watched: What its weights are chosen by.
        metric: What ``valid`` is measured in: ``watched``, and after the end what models are compared by.
        valid: The best validation value with ``low`` and ``high``, where an interval is known.
        seconds: How long it has gone on.
        began: When it began, as the clock of its machine said.
        metrics: Training as far as it was measured, in order, without what a resumed run did again.
        evaluations: The same for validation.
        layers: The latest statistics of the layers.
        findings: What was found.
        stopped: Why training ended before its last step.
        note: What was said last.
        last: The latest event.
        resumable: Whether a checkpoint lies there.
    """

    folder: Path
    state: str = "interrupted"
    net: str = ""
    source: str = ""
    watched: str = ""
    metric: str = ""
    valid: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    began: datetime | None = None
    metrics: list[events.Metric] = field(default_factory=list)
    evaluations: list[events.Evaluation] = field(default_factory=list)
    layers: events.Layers | None = None
    findings: list[events.Finding] = field(default_factory=list)
    stopped: str = ""
    note: str = ""
    last: events.Event | None = None
    resumable: bool = False

    def take(self, line: Line) -> None:
        """Let the run know one more of its events."""
        self.seconds, self.last = line.seconds, line.event
        _take(self, line.event)

    def as_dict(self) -> dict[str, Any]:
        """Return the run as the JSON object that ``--json`` prints."""
        now = self.metrics[-1] if self.metrics else None
        return {
            "run": str(self.folder),
            "state": self.state,
            "net": self.net,
            "source": self.source,
            "metric": self.metric,
            "valid": self.valid,
            "seconds": round(self.seconds, 3),
            "began": None if self.began is None else self.began.isoformat(timespec="seconds"),
            "step": None if now is None else now.step,
            "steps": None if now is None else now.steps,
            "loss": None if now is None else now.loss,
            "findings": [finding.data() for finding in self.findings],
            "resumable": self.resumable,
        }


def look(folder: str | Path) -> Run:
    """Return what a run's directory says.

    Raises:
        UsageError: The folder is no run.
    """
    folder = Path(folder)
    if not (folder / "events.jsonl").is_file() and not (folder / "run.json").is_file():
        raise no_run(folder)
    alive = held(folder / "events.jsonl")
    run = seen(folder, scan(folder))
    if alive and run.state != "done":  # one that is done may still be closing its files
        run.state = "running"
    elif run.state == "running":
        run.state = "interrupted"
    return run


def seen(folder: Path, lines: Sequence[Line]) -> Run:
    """Return a run as its events tell it; one that has not ended counts as running."""
    run = Run(folder, state="running")
    for line in lines:
        run.take(line)
    run.resumable = run.state != "done" and (folder / "checkpoints").is_dir()
    if not lines:
        run.state = "interrupted"
    try:
        document = run_document(folder)
        run.began = datetime.fromisoformat(document["began"])
        run.began.timestamp()
    except (GliaError, KeyError, TypeError, ValueError, OverflowError):
        run.began = None
    return run


def _take(run: Run, event: events.Event) -> None:
    if isinstance(event, events.Start):
        run.source, run.state = event.source, "running"
        if event.resumed:  # what was measured after the checkpoint is measured again
            at = (event.trial, event.step)
            run.metrics = [one for one in run.metrics if (one.trial, one.step) <= at]
            run.evaluations = [one for one in run.evaluations if (one.trial, one.step) <= at]
    elif isinstance(event, events.Planned):
        run.net, run.watched, run.metric = event.net, event.metric, event.metric
    elif isinstance(event, events.Metric):
        _measured(run.metrics, event)
    elif isinstance(event, events.Evaluation):
        _measured(run.evaluations, event)
        value = event.values.get(run.watched)
        if event.best and value is not None:
            run.valid = {"value": value}
    elif isinstance(event, events.Layers):
        run.layers = event
    elif isinstance(event, events.Finding):
        if event not in run.findings:  # a resumed run says again what it finds again
            run.findings.append(event)
    elif isinstance(event, events.Note):
        run.note = event.text
    elif isinstance(event, events.End):
        run.state, run.seconds, run.stopped = "done", event.seconds, event.stopped
        run.valid, run.metric = event.valid or run.valid, event.metric or run.metric
    elif isinstance(event, events.Error):
        run.state = "stopped" if event.code == "interrupted" else "failed"


def find(folder: str | Path) -> list[Run]:
    """Return the runs in a folder, oldest first; what may not be looked into is passed over."""
    found = []
    try:
        inner = [item for item in Path(folder).iterdir() if not item.name.startswith(".")]
    except OSError:
        return []
    for item in inner:
        with suppress(OSError, GliaError):
            found.append(look(item))
    return sorted(found, key=lambda run: (run.began.timestamp() if run.began else 0.0, run.folder.name))


def _measured(past: list[_Measured], event: _Measured) -> None:
    """Add what was measured; a checkpoint taken just before a step was measured has it measured again."""
    if past and (past[-1].trial, past[-1].step) == (event.trial, event.step):
        past.pop()
    past.append(event)
