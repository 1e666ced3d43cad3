"""Whether a .txt file is running text or a table that somebody called .txt."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from glia.sources import _files

__all__ = ["is_running"]

_DELIMITERS = "\t;,|"
_LONG = 2000  # characters
_EVEN = 0.9  # of the lines that hold equally many delimiters, in a table


def is_running(source: Any) -> bool:
    """Return whether a path is a .txt file of running text, whose lines do not hold equally many delimiters."""
    if not isinstance(source, str | os.PathLike) or "://" in str(source):
        return False
    path = Path(source)
    name = path.name.lower().removesuffix(".gz")
    return name.endswith(".txt") and not _is_table(_files._head(path))


def _is_table(head: bytes) -> bool:
    """Return whether most lines hold equally many of some delimiter, or there is nothing to read."""
    lines = [line for line in head.decode("utf-8", "replace").splitlines()[:500] if line.strip()]
    lines = lines[:-1] if len(lines) > 2 else lines  # the last may be cut
    if len(lines) < 2:  # a single line is a header without rows, unless no header would be as long
        return not lines or len(lines[0]) < _LONG
    for delimiter in _DELIMITERS:
        counts = [line.count(delimiter) for line in lines]
        usual = max(set(counts), key=counts.count)
        if usual and counts.count(usual) >= _EVEN * len(lines):
            return True
    # A bare word above sentences is the name of a column; above more words, as in a list of names, it is one of them.
    return lines[0].strip().isidentifier() and sum(" " in line.strip() for line in lines[1:]) > 0.5 * len(lines[1:])
