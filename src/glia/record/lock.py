"""Who is writing a run: a lock that the system itself takes back, however the writer ended."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["free", "held", "take"]

QUIET = 60.0
"""Seconds after which a run is taken for dead, where the system knows no such locks."""

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def take(handle: int, *, patience: float = 0.5) -> bool:
    """Take the lock of an open file; a reader that is just asking holds it for an instant, so try a few times.

    Args:
        handle: The file.
        patience: Seconds to go on trying.
    """
    _MINE.add(handle)
    if fcntl is None:
        return True
    ends = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > ends:
                _MINE.discard(handle)
                return False
            time.sleep(0.02)
        except OSError:  # a network disk without locks
            return True
        else:
            return True


def free(handle: int) -> None:
    """Close a file whose lock was taken; in a forked child it is closed already."""
    if handle in _MINE:
        _MINE.discard(handle)
        os.close(handle)


def _forked() -> None:
    """Close what a child inherits: a worker that outlives a killed run must not seem to be writing it."""
    while _MINE:
        with suppress(OSError):
            os.close(_MINE.pop())


_MINE: set[int] = set()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def held(path: Path) -> bool:
    """Return whether a process is writing a file right now."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        if fcntl is None:
            return time.time() - os.fstat(handle).st_mtime < QUIET
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return time.time() - os.fstat(handle).st_mtime < QUIET
    finally:
        os.close(handle)
    return False
