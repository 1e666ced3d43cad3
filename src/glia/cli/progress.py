"""What a person sees while a run goes on: one line that moves on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from glia.record import events

__all__ = ["Progress"]

MARKS = {"stop": ("red", "✗"), "warning": ("yellow", "!"), "note": ("cyan", "·")}


class Progress:
    """Follow a run's events on stderr.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._live: Any = None
        self._losses: list[float] = []
        self._last: dict[str, float] = {}

    def __enter__(self) -> Progress:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def watch(self, event: events.Event) -> None:
        """Show an event."""
        if self.quiet:
            return
        from rich.text import Text

        if isinstance(event, events.Finding):
            color, mark = MARKS[event.severity]
            said = f"{event.text}; {event.remedy}" if event.remedy else event.text
            self._console.print(Text.assemble((f"{mark} ", color), said, (f" [{event.code}]", "dim")))
        elif isinstance(event, events.Note):
            self._console.print(Text.assemble(("· ", "cyan"), event.text))
        elif isinstance(event, events.Planned):
            self._console.print(
                Text.assemble(("· ", "cyan"), f"plan: {event.threads} threads, {event.precision}, {event.reason}")
            )
        elif isinstance(event, events.Metric):
            self._metric(event)
        elif isinstance(event, events.Evaluation):
            self._last = event.values
        elif isinstance(event, events.End):
            self._end()
            if event.stopped:
                self._console.print(Text.assemble(("· ", "cyan"), f"training ended early: {event.stopped}"))

    def _metric(self, event: events.Metric) -> None:
        from rich.live import Live
        from rich.text import Text

        if not sys.stderr.isatty():
            return
        self._losses.append(event.loss)
        share = event.step / max(event.steps, 1)
        bar = "━" * int(24 * share) + "╌" * (24 - int(24 * share))
        valid = "  ".join(f"{name} {value:.4g}" for name, value in self._last.items() if name != "loss")
        line = Text.assemble(
            (f"{bar} ", "green"),
            f"step {event.step}/{event.steps}  epoch {event.epoch:.1f}  loss {event.loss:.4g}  ",
            (f"valid {valid}" if valid else "", "bold"),
            "  ",
            (braille(self._losses, 20), "magenta"),
        )
        if self._live is None:
            self._live = Live(line, console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        self._live.update(line)


def braille(values: list[float], width: int) -> str:
    """Return a curve as braille, two values a character and four levels of height.

    Example:
        >>> braille([4, 3, 2, 1], 2)
        '⠑⢄'
    """
    finite = [value for value in values if value == value and abs(value) != float("inf")]
    if len(finite) < 2:
        return ""
    count = min(2 * width, len(finite))
    picked = [finite[round(i * (len(finite) - 1) / (count - 1))] for i in range(count)] if count > 1 else finite
    low, high = min(picked), max(picked)
    levels = [0 if high == low else round(3 * (value - low) / (high - low)) for value in picked]
    left, right = (0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08)
    pairs = [(levels[i], levels[i + 1] if i + 1 < len(levels) else None) for i in range(0, len(levels), 2)]
    return "".join(chr(0x2800 + left[a] + (right[b] if b is not None else 0)) for a, b in pairs)
