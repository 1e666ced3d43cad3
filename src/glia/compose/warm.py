"""Loading heavy libraries while the data is read, on a thread of their own: importing them costs seconds."""

from __future__ import annotations

import threading
from importlib import import_module

__all__ = ["warm"]

LATER = ("scipy.optimize",)  # of calibration
YARDSTICKS = ("sklearn.linear_model", "sklearn.ensemble")


def warm(*, yardsticks: bool = True) -> threading.Thread:
    """Begin to import what a run will need later; a module that cannot be imported is left to whoever needs it.

    Args:
        yardsticks: Whether simple models will be fitted, too.
    """

    def load() -> None:
        for name in (*LATER, *YARDSTICKS * yardsticks):
            try:
                import_module(name)
            except Exception:  # noqa: S112 - said where it is really needed
                continue

    thread = threading.Thread(target=load, name="glia-warm", daemon=True)
    thread.start()
    return thread
