"""Plain text: a row for each line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glia.core.raw import Origin, Raw, RawTable
from glia.sources import _files, _values
from glia.sources._running import is_running
from glia.sources._text import text_of

__all__ = ["Corpus"]


class Corpus:
    """Plain text in a .txt file: a row for each line; a .txt file whose lines have even columns is a table."""

    @staticmethod
    def claims(source: Any) -> bool:
        """Return whether a path is a .txt file of running text."""
        return is_running(source)

    @staticmethod
    def read(source: Any, names: Sequence[str] | None) -> RawTable:
        """Return the lines as the column ``text``, empty ones among them, so that they can be joined again.

        Args:
            source: The path.
            names: Not wanted; the column is ``text``.

        Raises:
            DataError: The file cannot be read as text, holds NUL bytes, or mixes encodings; with the line.
        """
        _files.refuse_names(names, "running text")
        path = Path(source)
        text, encoding = text_of(path)
        lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
        values = np.array(lines, dtype=object)
        raw = Raw(values, np.array([bool(line.strip()) for line in lines]))
        return _values.table({"text": raw}, Origin(str(source), "corpus", str(path), 1, {"encoding": encoding}))
