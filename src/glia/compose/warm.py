"""Loading heavy libraries while the data is read, on a thread of their own: importing them costs seconds."""

from __future__ import annotations

import threading
from importlib import import_module

__all__ = ["warm"]

LATER = ("sklearn.linear_model", "sklearn.ensemble")  # of the yardsticks


def warm() -> threading.Thread:
    """Begin to import what a run will need later; a module that cannot be imported is left to whoever needs it."""

    def load() -> None:
        for name in LATER:
            try:
                import_module(name)
            except Exception:  # noqa: S112 - said where it is really needed
                continue

    thread = threading.Thread(target=load, name="glia-warm", daemon=True)
    thread.start()
    return thread
