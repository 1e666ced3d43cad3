"""How a person or a machine ends a run early."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Interrupted", "Interrupts"]

LOOK_EVERY = 0.2


class Interrupted(KeyboardInterrupt):
    """A run was stopped at once and can be resumed.

    Args:
        number: The signal that asked for it.
    """

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__("stopped at once, as asked")
        self.exit_code = 128 + number


class Interrupts:
    """Hear who wants a run to end: Ctrl-C once or a stop file ends training well, twice or SIGTERM stops at once.

    Args:
        asked: Whether somebody has asked for the end in another way, such as a file.

    Attributes:
        wanted: Training shall end well: keep the best, judge, write the bundle.
        now: The run shall stop as soon as its state is saved.
        stepping: Whether training is under way, which sees ``now`` by itself at the end of a step.

    Example:
        >>> with Interrupts().heard() as interrupts:
        ...     interrupts.wanted
        False
    """

    def __init__(self, asked: Callable[[], bool] = lambda: False) -> None:
        self.wanted = False
        self.now = False
        self.ready = False
        self.stepping = False
        self._asked = asked
        self._looked = time.perf_counter()
        self._signal = signal.SIGINT

    @contextmanager
    def heard(self) -> Iterator[Interrupts]:
        """Listen inside the block; elsewhere than in the main thread, where signals cannot be heard, do nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before: dict[int, Any] = {signal.SIGINT: signal.signal(signal.SIGINT, self._hear)}
        for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
            # An application's own handler is left alone, and so is nohup's.
            if number not in before and signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, self._hear)
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def training(self) -> Iterator[None]:
        """From here on there is something to keep; inside the block, steps are finished before the run stops."""
        self.ready = self.stepping = True
        try:
            yield
        finally:
            self.stepping = False

    def look(self) -> bool:
        """Return whether training shall end well."""
        if not self.wanted and time.perf_counter() - self._looked > LOOK_EVERY:
            self._looked = time.perf_counter()
            self.wanted = self._asked()
        return self.wanted

    def stop(self) -> None:
        """End the run here.

        Raises:
            Interrupted: Always.
        """
        raise Interrupted(self._signal)

    def _hear(self, number: int, _frame: object) -> None:
        if number == signal.SIGINT and self.ready and not self.wanted:
            self.wanted = True
            return
        again, self.now, self._signal = self.now, True, signal.Signals(number)
        if again or not self.stepping:
            self.stop()
