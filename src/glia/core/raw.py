"""Raw tables: what a source gives and a column reads, before anything is learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Origin", "Raw", "RawTable"]


@dataclass(frozen=True)
class Raw:
    """One column as it was read.

    Args:
        values: (N,) one of float64, int64, bool, datetime64[us] or object (text, exactly as written in the file; the
            path of a picture or sound; or its encoded bytes), or (N, H, W) or (N, H, W, C) uint8 pictures.
        present: (N,) bool; ``False`` where the source itself says that nothing is there (an empty cell, a null).
            Spellings such as ``"N/A"`` are text here: deciding what they mean belongs to the columns.
    """

    values: np.ndarray
    present: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    @property
    def media(self) -> bool:
        """Whether the values are pictures or sounds and not cells of a table."""
        if self.values.ndim > 1 or self.values.dtype != object:
            return self.values.ndim > 1
        first = self.values[self.present][:1]
        return bool(len(first)) and isinstance(first[0], Path | bytes)

    def take(self, rows: np.ndarray) -> Raw:
        """Return some of the rows; hashes of their contents go with them, where they are known."""
        taken = Raw(self.values[rows], self.present[rows])
        if "_hashes" in vars(self):
            vars(taken)["_hashes"] = vars(self)["_hashes"][rows]
        return taken


@dataclass(frozen=True)
class Origin:
    """Where a table came from, for messages, fingerprints and the record.

    Args:
        name: What the person typed, or a phrase such as ``"a pandas frame"``.
        kind: The source's name, such as ``"delimited"``.
        path: The file, where there is one.
        first_line: The line of the file that holds row 0, where rows are lines; ``None`` otherwise.
        details: What was found out, such as ``{"delimiter": ";", "encoding": "utf-16"}``.
    """

    name: str
    kind: str
    path: str | None = None
    first_line: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def line(self, row: int) -> int | None:
        """Return the line of the file that holds a row, where that is known."""
        return None if self.first_line is None else self.first_line + row


@dataclass(frozen=True)
class RawTable:
    """Named raw columns of one length.

    Args:
        columns: Raw columns by name, in the order of the source.
        origin: Where they came from.
        part: (N,) of ``"train"``, ``"valid"`` and ``"test"``, where the source itself parts its rows.
    """

    columns: Mapping[str, Raw]
    origin: Origin
    part: np.ndarray | None = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __getitem__(self, name: str) -> Raw:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def take(self, rows: np.ndarray) -> RawTable:
        """Return some of the rows; lines of the file are no longer known."""
        columns = {name: raw.take(rows) for name, raw in self.columns.items()}
        part = None if self.part is None else self.part[rows]
        return RawTable(columns, replace(self.origin, first_line=None), part)

    def without(self, *names: str) -> RawTable:
        """Return the table without some columns."""
        return replace(self, columns={name: raw for name, raw in self.columns.items() if name not in names})
