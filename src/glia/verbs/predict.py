"""Answers for new rows, in the order of the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from glia.bundle.bundle import Bundle
from glia.sources import read, write

__all__ = ["predict"]


def predict(bundle: Bundle, source: Any, out: str | Path | None = None) -> dict[str, Any]:
    """Return ``{"columns": {name: values}, "rows": n, "notes": [...], "out": path}`` of a bundle's predictions.

    Args:
        bundle: The bundle.
        source: The rows: a file, a frame, arrays.
        out: A file to write the predictions to, ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet``.

    Raises:
        DataError: The rows do not fit the bundle's schema.
    """
    columns, notes = bundle.predicted(read(source, names=bundle.names_for(source)))
    if out is not None:
        write(out, columns)
    rows = len(next(iter(columns.values()))) if columns else 0
    return {"columns": columns, "rows": rows, "notes": notes, "out": None if out is None else str(out)}
