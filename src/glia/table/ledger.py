"""How often a test set was opened: a score seen many times is no longer that of a test nobody looked at."""

from __future__ import annotations

import json
import os
import warnings
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import numpy as np

from glia.core.errors import GliaWarning
from glia.core.raw import RawTable
from glia.table.duplicates import content_hashes

__all__ = ["fingerprint", "opened", "record"]

_NAME = "ledger.jsonl"


def fingerprint(raw: RawTable) -> str:
    """Return 32 hexadecimal digits that name a set of rows by contents, whatever their order.

    Args:
        raw: The rows; order of rows and columns does not count, names of columns and repeated rows do.

    Example:
        >>> from glia.core.raw import Origin, Raw
        >>> raw = RawTable({"a": Raw(np.arange(3), np.ones(3, bool))}, Origin("made", "array"))
        >>> fingerprint(raw) == fingerprint(raw.take(np.array([2, 0, 1])))
        True
    """
    # Little-endian everywhere, so that every machine finds the same name.
    rows = np.sort(content_hashes(raw)).astype("<u8")
    return blake2b(rows.tobytes(), digest_size=16, person=b"glia test rows").hexdigest()


def opened(folder: str | Path, fingerprint: str, run_id: str | None = None) -> int:
    """Return how often a test set was opened so far, by anybody or by one run.

    Args:
        folder: The folder of runs that holds the ledger; it need not exist.
        fingerprint: What :func:`fingerprint` gave. Lines that cannot be read are passed over.
        run_id: Count this run only.
    """
    try:
        text = (Path(folder) / _NAME).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return sum(_names(line, fingerprint, run_id) for line in text.splitlines())


def record(folder: str | Path, fingerprint: str, run_id: str) -> int:
    """Write down that a test set is being opened and return how often that is now, this time included.

    Args:
        folder: The folder of runs that holds the ledger; made when it is not there.
        fingerprint: What :func:`fingerprint` gave.
        run_id: Who opens it.

    Returns:
        The count. Where the ledger cannot be written a :class:`GliaWarning` says so and the run goes on.
    """
    entry = {"test": fingerprint, "run": run_id, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    path = Path(folder) / _NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _append(path, json.dumps(entry, ensure_ascii=True) + "\n")
    except OSError as error:
        warnings.warn(f"the ledger {path} cannot be written ({error.strerror})", GliaWarning, stacklevel=2)
        return opened(folder, fingerprint) + 1
    return opened(folder, fingerprint)


def _append(path: Path, line: str) -> None:
    """Add a line by one write at the end, which two processes at once can do without harm to each other."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    try:
        size = os.fstat(handle).st_size
        if size:
            os.lseek(handle, size - 1, os.SEEK_SET)
            if os.read(handle, 1) != b"\n":
                line = "\n" + line  # a torn line before this one must not swallow it
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def _names(line: str, fingerprint: str, run_id: str | None) -> bool:
    try:
        entry = json.loads(line)
    except ValueError:
        return False
    if not isinstance(entry, dict) or entry.get("test") != fingerprint:
        return False
    return run_id is None or entry.get("run") == run_id
