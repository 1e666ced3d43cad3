"""Where the time went: seconds per named phase, counted from the start of the process."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Meter"]


class Meter:
    """Count seconds by phase.

    Args:
        started: When the clock starts, as :func:`time.perf_counter` counts; ``None`` = now.

    Example:
        >>> meter = Meter()
        >>> with meter.phase("read"):
        ...     pass
        >>> sorted(meter.seconds)
        ['read']
    """

    def __init__(self, started: float | None = None) -> None:
        self.started = time.perf_counter() if started is None else started
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time spent inside the block to a phase."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def elapsed(self) -> float:
        """Return the seconds since the clock started."""
        return time.perf_counter() - self.started


def peak_memory() -> float | None:
    """Return the most memory that this process held at once, in MB; ``None`` where the system does not say.

    Example:
        >>> (peak_memory() or 1) > 0
        True
    """
    try:
        import resource
    except ImportError:
        return None
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(most / 2**20 if sys.platform == "darwin" else most / 2**10)


def process_start() -> float:
    """Return when this process began, as :func:`time.perf_counter` counts; now, where that cannot be known."""
    try:
        with open("/proc/self/stat", "rb") as file:  # noqa: PTH123 - procfs, before anything else is imported
            ticks = int(file.read().rsplit(b")", 1)[1].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return time.perf_counter()
    return time.perf_counter() - max(age, 0.0)
