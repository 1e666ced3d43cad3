"""What a person sees while a run goes on: one line that moves on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from glia.cli.curve import bar, braille, number
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
        self._losses: list[float | None] = []
        self._trial = 1
        self._last: dict[str, float | None] = {}

    def __enter__(self) -> Progress:
        from rich.console import Console

        class Patient(Console):
            """A console whose broken pipe costs nothing but what it would have shown."""

            def on_broken_pipe(self) -> None:
                self.quiet = True

        self._console = Patient(stderr=True, highlight=False)
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
        if event.trial != self._trial:
            self._losses, self._trial = [], event.trial
        self._losses.append(event.loss)
        valid = "  ".join(f"{name} {number(value)}" for name, value in self._last.items() if name != "loss")
        line = Text.assemble(
            (f"{bar(event.step / max(event.steps, 1))} ", "green"),
            f"step {event.step}/{event.steps}  epoch {event.epoch:.1f}  loss {number(event.loss)}  ",
            (f"valid {valid}" if valid else "", "bold"),
            "  ",
            (braille(self._losses, 20), "magenta"),
        )
        if self._live is None:
            self._live = Live(line, console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        self._live.update(line)
