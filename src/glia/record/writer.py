"""Writing a run's directory: ``run.json`` once it is known, ``events.jsonl`` as things happen."""

from __future__ import annotations

import json
import math
import os
import platform
import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from glia.core.errors import DataError, UsageError
from glia.core.store import write_json
from glia.record.events import Event

__all__ = ["Record", "facts"]


class Record:
    """The one writer of a run's directory, created before any data is read.

    Args:
        folder: The run's directory; ``None`` makes one under ``runs/``.
        name: A word for the directory's name, from the source.

    Raises:
        UsageError: The directory holds a finished run or something else.
        DataError: The directory cannot be made or written.
    """

    def __init__(self, folder: str | Path | None, name: str = "run") -> None:
        self.folder = Path(folder) if folder else Path("runs") / _id(name)
        self.began = time.time()
        self.number = 0
        if (self.folder / "bundle").exists() or (self.folder.is_dir() and _strange(self.folder)):
            raise UsageError(
                "out_exists",
                "the folder of --out holds something already",
                file=self.folder,
                remedy="name a new folder, or remove this one",
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.folder / "events.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise DataError(
                "cannot_write",
                f"the run's folder cannot be written ({error.strerror})",
                file=self.folder,
                remedy="choose another folder with --out",
            ) from None

    @property
    def id(self) -> str:
        """The run's name: its folder's name."""
        return self.folder.name

    def emit(self, event: Event) -> None:
        """Append an event; a single write, so that readers see whole lines."""
        self.number += 1
        line = [self.number, event.kind(), round(time.time() - self.began, 3), jsonable(event.data())]
        try:
            os.write(self._file, (json.dumps(line, allow_nan=False, separators=(",", ":")) + "\n").encode())
        except OSError as error:
            raise DataError(
                "cannot_write",
                f"an event cannot be written ({error.strerror})",
                file=self.folder / "events.jsonl",
                remedy="make room on the disk, then resume the run",
            ) from None

    def document(self, **parts: Any) -> None:
        """Write ``run.json``: the recipe, the plan, versions, the machine and the data's fingerprints."""
        write_json(self.folder / "run.json", jsonable({"id": self.id, **facts(), **parts}))

    def close(self) -> None:
        """Close the event file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _id(name: str) -> str:
    word = "".join(letter if letter.isalnum() else "-" for letter in name.lower()).strip("-")[:32] or "run"
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{word}-{secrets.token_hex(2)}"


def _strange(folder: Path) -> bool:
    """Return whether a folder holds anything that no run wrote."""
    known = {"run.json", "events.jsonl", "checkpoints", "snapshots"}
    return any(entry.name not in known and not entry.name.startswith(".") for entry in folder.iterdir())


def jsonable(value: Any) -> Any:
    """Return a value as strict JSON: NaN and infinities become the texts ``"nan"``, ``"inf"`` and ``"-inf"``."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if isinstance(value, str | int | bool | type(None)) else str(value)


def facts() -> dict[str, Any]:
    """Return versions and machine facts that decide whether a run can be repeated to the bit."""
    import numpy
    import torch

    import glia

    return {
        "versions": {
            "glia": glia.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": numpy.__version__,
        },
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "capability": torch.backends.cpu.get_cpu_capability(),
            "cores": os.cpu_count(),
        },
    }
