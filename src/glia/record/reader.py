"""Reading a run's directory, while it is written or long after; reading never disturbs the run."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from glia.core.errors import UsageError
from glia.record.events import Event, read_back

__all__ = ["Line", "events", "follow"]


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
    path = Path(folder) / "events.jsonl"
    try:
        text = path.read_text("utf-8", errors="replace")
    except OSError:
        raise UsageError("no_run", "this folder is no run", file=folder, remedy="see `glia runs`") from None
    return list(_lines(text))


def _lines(text: str) -> Iterator[Line]:
    for line in text.split("\n")[:-1]:
        try:
            number, kind, seconds, data = json.loads(line)
            event = read_back(kind, data)
        except (ValueError, TypeError):
            continue
        if event is not None:
            yield Line(number, seconds, event)


def follow(folder: str | Path, *, every: float = 0.25, give_up: float | None = None) -> Iterator[Line]:
    """Yield events as they come, until the run ends or breaks.

    Args:
        folder: The run's directory.
        every: Seconds between two looks.
        give_up: Seconds of silence after which to stop; ``None`` = never.
    """
    seen, silent = 0, 0.0
    while True:
        fresh = [line for line in events(folder) if line.number > seen]
        for line in fresh:
            seen = line.number
            yield line
            if line.event.kind() in ("end", "error"):
                return
        silent = 0.0 if fresh else silent + every
        if give_up is not None and silent >= give_up:
            return
        time.sleep(every)
