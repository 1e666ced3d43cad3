"""Memory that a step frees is kept for the next step, which takes the same again.

By default the C library gives every large block back to the system at once, and each step then waits for the system to
zero the same pages anew; for networks over pictures this is up to half of the time.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

__all__ = ["give_back", "hold"]

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
"""Names of the options of ``mallopt`` (glibc manual, "Malloc Tunable Parameters")."""
LARGEST, AHEAD = 1 << 30, 64 << 20


@cache
def _libc() -> Any:
    """Return the C library where it is glibc; ``None`` elsewhere, where nothing has to be done."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        found = ctypes.CDLL(None)
        return found if hasattr(found, "gnu_get_libc_version") else None
    except (OSError, TypeError):
        return None


@cache
def hold() -> bool:
    """Keep freed blocks of up to a gigabyte in the process; return whether that could be arranged.

    Example:
        >>> hold() in (True, False)
        True
    """
    found = _libc()
    if found is None:
        return False
    wishes = ((MMAP_THRESHOLD, LARGEST), (TRIM_THRESHOLD, 2**31 - 1), (TOP_PAD, AHEAD))
    return all(found.mallopt(name, value) for name, value in wishes)


def give_back() -> None:
    """Give the system back what was kept; training is over."""
    found = _libc()
    if found is not None and hold.cache_info().currsize:
        found.malloc_trim(0)
