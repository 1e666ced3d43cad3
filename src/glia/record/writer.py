"""Writing a run's directory: ``run.json`` before anything else, events and ``metrics.csv`` as things happen."""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
import time
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from glia.core.documents import plain
from glia.core.errors import UsageError
from glia.core.store import append, clean, refusing, write_json
from glia.record import lock
from glia.record.events import Evaluation, Event, Metric
from glia.record.reader import run_document, scan
from glia.record.table import Table

__all__ = ["Record", "facts"]

FILES = {"run.json", "events.jsonl", "metrics.csv", "stop"}
FOLDERS = {"checkpoints", "snapshots", "tensorboard"}


class Record:
    """The one writer of a run's directory, created before any data is read.

    Args:
        folder: The run's directory; ``None`` makes one under ``runs/``.
        name: A word for the directory's name, from the source.
        resume: Go on with the run that the directory holds, instead of beginning one.

    Raises:
        UsageError: The directory holds something that a new run must not touch, another process is writing it, or
            it holds no run to go on with.
        DataError: The directory cannot be made or written.
    """

    def __init__(self, folder: str | Path | None, name: str = "run", *, resume: bool = False) -> None:
        self.folder = Path(folder) if folder else Path("runs") / _id(name)
        self.resumed = resume
        self.facts: dict[str, Any] = run_document(self.folder) if resume else {}
        if not resume:
            self._refuse_used()
        with refusing(self.folder, need=4096):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.folder / "events.jsonl", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._hold()
        lines = self._tidy() if resume else self._begin()
        self.number = lines[-1].number if lines else 0
        self.began = time.time() - (lines[-1].seconds if lines else 0.0)
        self._table = Table(self.folder / "metrics.csv", lines)
        self._valid: Evaluation | None = None

    @property
    def id(self) -> str:
        """The run's name: its folder's name."""
        return self.folder.name

    @property
    def stop_wanted(self) -> bool:
        """Whether somebody has asked the run to end, by a file in its directory."""
        return (self.folder / "stop").exists()

    def emit(self, event: Event) -> None:
        """Append an event; a line that cannot be written whole is taken back.

        Raises:
            DataError: The disk is full, read-only or failing.
        """
        line = [self.number + 1, event.kind(), round(time.time() - self.began, 3), plain(event.data())]
        data = (json.dumps(line, allow_nan=False, separators=(",", ":")) + "\n").encode()
        with refusing(self.folder / "events.jsonl", need=len(data)):
            append(self._file, data)
        self.number += 1
        if isinstance(event, Evaluation):
            self._valid = event
        elif isinstance(event, Metric):
            self._table.add(line[2], event, self._valid)

    def document(self, **parts: Any) -> None:
        """Add to ``run.json``: the recipe, the plan, versions, the machine, the data's fingerprints."""
        began = datetime.now().astimezone().isoformat(timespec="seconds")
        self.facts = {"id": self.id, "began": began, "cwd": str(Path.cwd()), **facts(), **self.facts, **parts}
        write_json(self.folder / "run.json", self.facts)

    def close(self) -> None:
        """Close the files and let the next writer in."""
        if self._file >= 0:
            lock.free(self._file)
            self._file = -1
            self._table.close()

    def _refuse_used(self) -> None:
        """Refuse a folder that holds a bundle, checkpoints, or what no run wrote; a run that failed early may go."""
        if not self.folder.is_dir():
            return
        known = FILES | {"snapshots", "tensorboard"}
        used = sorted(one.name for one in self.folder.iterdir() if one.name not in known and one.name[0] != ".")
        if used:
            resumable = "checkpoints" in used and "bundle" not in used
            raise UsageError(
                "out_exists",
                f"the folder of --out holds {used[0]} already",
                file=self.folder,
                remedy="go on with --resume, or name a new folder" if resumable else "name a new folder, or remove it",
            )

    def _hold(self) -> None:
        """Be the one writer, or refuse."""
        if not lock.take(self._file):
            os.close(self._file)
            raise UsageError(
                "run_busy",
                "another process is writing this run",
                file=self.folder,
                remedy="follow it with `glia show --follow`, or end it with `glia stop`",
            )

    def _begin(self) -> list[Any]:
        with refusing(self.folder):
            clean(self.folder)
            for name in FILES - {"events.jsonl"}:
                (self.folder / name).unlink(missing_ok=True)
            for name in FOLDERS:
                shutil.rmtree(self.folder / name, ignore_errors=True)
            os.ftruncate(self._file, 0)
        return []

    def _tidy(self) -> list[Any]:
        """Remove what an interruption left: temporary files, half a line, an old wish to stop."""
        with refusing(self.folder):
            clean(self.folder)
            (self.folder / "stop").unlink(missing_ok=True)
            data = (self.folder / "events.jsonl").read_bytes()
            if data and not data.endswith(b"\n"):
                os.ftruncate(self._file, data.rfind(b"\n") + 1)
        return scan(self.folder)


def _id(name: str) -> str:
    word = "".join(letter if letter.isalnum() else "-" for letter in name.lower()).strip("-")[:32] or "run"
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{word}-{secrets.token_hex(2)}"


def facts() -> Mapping[str, Any]:
    """Return versions and machine facts that decide whether a run can be repeated to the bit."""
    return {
        "versions": {
            "glia": version("glia"),
            "python": platform.python_version(),
            "torch": version("torch"),
            "numpy": version("numpy"),
        },
        "machine": {
            "system": platform.system(),
            "processor": _processor(),
            "cores": os.cpu_count(),
        },
    }


def _processor() -> str:
    """Return the processor's model, since another one may round otherwise."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
