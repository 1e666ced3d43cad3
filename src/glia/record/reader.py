"""Reading a run's directory, while it is written or long after; reading never disturbs the run."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glia.core.errors import DataError, UsageError
from glia.core.store import read_json
from glia.record.events import Event, read_back
from glia.record.lock import held

__all__ = ["Line", "events", "follow", "run_document", "scan"]


@dataclass(frozen=True)
class Line:
    """One event as it was written.

    Args:
        number: Counted from 1, without gaps.
        seconds: Since the run began.
        event: What happened.
    """

    number: int
    seconds: float
    event: Event


def events(folder: str | Path) -> list[Line]:
    """Return a run's events; a last line still being written is left for later.

    Raises:
        UsageError: The folder is no run.
    """
    if not (Path(folder) / "events.jsonl").is_file():
        raise no_run(folder)
    return scan(folder)


def scan(folder: str | Path) -> list[Line]:
    """Return a run's events, none where nothing was written; lines that cannot be understood are passed over."""
    try:
        data = (Path(folder) / "events.jsonl").read_bytes()
    except OSError:
        return []
    return list(_lines(data))


def no_run(folder: str | Path) -> UsageError:
    """Return the error that says that a folder is no run."""
    return UsageError("no_run", "this folder is no run", file=folder, remedy="see `glia runs`")


def run_document(folder: str | Path) -> dict[str, Any]:
    """Return a run's ``run.json``.

    Raises:
        UsageError: The folder is no run, or was interrupted before anything was written down.
    """
    folder = Path(folder)
    try:
        document = read_json(folder / "run.json")
    except DataError as error:
        if error.code != "not_found":
            raise
        if (folder / "events.jsonl").exists():
            raise UsageError(
                "no_run",
                "this run ended before it had written down what it was asked",
                file=folder,
                remedy="start it again",
            ) from None
        raise no_run(folder) from None
    if not isinstance(document, dict):
        raise no_run(folder)
    return document


def _lines(data: bytes) -> Iterator[Line]:
    for line in data.split(b"\n")[:-1]:
        try:
            number, kind, seconds, fields = json.loads(line)
            event = read_back(kind, fields)
            if event is not None and math.isfinite(seconds):
                yield Line(int(number), float(seconds), event)
        except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
            continue


def follow(folder: str | Path, *, every: float = 0.25, give_up: float | None = None) -> Iterator[Line]:
    """Yield events as they come, until the run ends, breaks, or its process is gone.

    Args:
        folder: The run's directory.
        every: Seconds between two looks.
        give_up: Seconds of silence after which to stop; ``None`` = never.

    Raises:
        UsageError: The folder is no run.
    """
    path = Path(folder) / "events.jsonl"
    if not path.is_file():
        raise no_run(folder)
    seen, silent, rest = 0, 0.0, b""
    with path.open("rb") as file:
        while True:
            alive = held(path)  # asked before reading: what a process wrote before it went is read below
            rest += file.read()
            whole, _, rest = rest.rpartition(b"\n")
            fresh = [line for line in _lines(whole + b"\n") if line.number > seen]
            for line in fresh:
                seen = line.number
                yield line
            over = bool(fresh) and fresh[-1].event.kind() in ("end", "error")
            silent = 0.0 if fresh else silent + every
            if over or not alive or (give_up is not None and silent >= give_up):
                return
            time.sleep(every)
