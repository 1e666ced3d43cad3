"""Who is writing a run: a lock that the system itself takes back, however the writer ended."""

from __future__ import annotations

import os
import time
from pathlib import Path

__all__ = ["held", "take"]

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
    if fcntl is None:
        return True
    ends = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > ends:
                return False
            time.sleep(0.02)
        except OSError:  # a network disk without locks
            return True
        else:
            return True


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
