"""How the rows of a source become what networks take: row by row, as windows of series, or as passages of a text.

A run learns an encoding, its bundle keeps it, and every later row goes through the same one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glia.core.errors import DataError
from glia.core.finding import Finding
from glia.core.raw import RawTable
from glia.core.values import Spec
from glia.table.passages import Passages
from glia.table.schema import Schema
from glia.table.watch import Watch
from glia.table.windows import Layout

__all__ = ["Encoded", "Encoding", "RowByRow", "Text", "Watching", "Windowed", "restored"]


@dataclass(frozen=True)
class Encoded:
    """Rows as networks take them.

    Args:
        groups: Arrays of N examples by name.
        truth: What would be right, as judges want it; ``None`` where nobody asked.
        units: (N,) what examples belong to, where intervals must resample that.
        places: Columns that say what each answer is about, such as the time that is forecast.
        notes: What is odd.
    """

    groups: dict[str, np.ndarray]
    truth: np.ndarray | None = None
    units: np.ndarray | None = None
    places: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[Finding, ...] = ()


class Encoding(ABC):
    """What a bundle knows about its columns.

    Args:
        schema: The columns of the table.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    @abstractmethod
    def specs(self) -> dict[str, Spec]:
        """Return what goes into a network."""

    @abstractmethod
    def asked(self) -> dict[str, Spec]:
        """Return what is asked for; nothing where the rows are their own answers."""

    @abstractmethod
    def rows(self, raw: RawTable) -> Encoded:
        """Return rows to answer for.

        Raises:
            DataError: A column is missing or of another kind.
        """

    @abstractmethod
    def known(self, raw: RawTable) -> Encoded:
        """Return rows whose answers are known, and the answers.

        Raises:
            DataError: A column is missing or of another kind, or an answer was never seen in training.
        """

    def state(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return self.schema.state()


class RowByRow(Encoding):
    """Each row is one example."""

    def specs(self) -> dict[str, Spec]:
        return self.schema.specs()

    def asked(self) -> dict[str, Spec]:
        return self.schema.specs("target")

    def rows(self, raw: RawTable) -> Encoded:
        table, notes = self.schema.match(raw, needs_target=False)
        return Encoded(self.schema.encode(table), notes=tuple(notes))

    def known(self, raw: RawTable) -> Encoded:
        table, notes = self.schema.match(raw, needs_target=True)
        return Encoded(self.schema.encode(table), self.schema.truth(table), notes=tuple(notes))


class Windowed(Encoding):
    """Each moment is one example: what was seen before it, and what came after.

    Args:
        schema: The columns of the table.
        layout: How series become windows.
    """

    def __init__(self, schema: Schema, layout: Layout) -> None:
        super().__init__(schema)
        self.layout = layout

    def specs(self) -> dict[str, Spec]:
        return self.layout.specs()

    def asked(self) -> dict[str, Spec]:
        return self.layout.asked()

    def rows(self, raw: RawTable) -> Encoded:
        found = self.layout.ahead(raw)
        steps = found.when.shape[1]
        places = {"time": found.when.reshape(-1)}
        if any(found.names):
            places = {"series": np.repeat(np.array(found.names, dtype=object), steps), **places}
        notes = tuple(Finding("series", "note", text) for text in found.notes)
        return Encoded(found.groups, places=places, notes=notes)

    def known(self, raw: RawTable) -> Encoded:
        groups, truth, units = self.layout.rolling(raw)
        return Encoded(groups, truth, units)

    def state(self) -> dict[str, Any]:
        return {**self.schema.state(), "windows": self.layout.state()}


class Watching(Encoding):
    """Each row of a series is one example, with the rows before it.

    Args:
        schema: The columns of the table.
        watch: How rows become windows.
    """

    def __init__(self, schema: Schema, watch: Watch) -> None:
        super().__init__(schema)
        self.watch = watch

    def specs(self) -> dict[str, Spec]:
        return self.watch.specs()

    def asked(self) -> dict[str, Spec]:
        return {}

    def rows(self, raw: RawTable) -> Encoded:
        groups, order, _ = self.watch.every(raw)
        back = np.argsort(order)  # answers come in the order of the rows, whatever their times
        return Encoded({name: values[back] for name, values in groups.items()})

    def known(self, raw: RawTable) -> Encoded:
        groups, _, truth = self.watch.every(raw)
        return Encoded(groups, truth, np.arange(len(truth)) // self.watch.lookback)

    def state(self) -> dict[str, Any]:
        return {**self.schema.state(), "watch": self.watch.state()}


class Text(Encoding):
    """Each passage of one long text is one example.

    Args:
        schema: The columns of the table.
        passages: What was learned about the text: the ``state()`` of :class:`glia.table.passages.Passages`.
    """

    def __init__(self, schema: Schema, passages: Mapping[str, Any]) -> None:
        super().__init__(schema)
        self.passages = passages
        self.column = Passages.column_of(passages)

    def specs(self) -> dict[str, Spec]:
        return self.column.specs()

    def asked(self) -> dict[str, Spec]:
        return {}

    def rows(self, raw: RawTable) -> Encoded:
        return Encoded(self.column.encode(raw[self.column.name]))

    def known(self, raw: RawTable) -> Encoded:
        length, tokens = int(self.passages["length"]), self.column.tokens
        text = "\n".join("" if value is None else str(value) for value in raw[self.column.name].values.tolist())
        codes = np.asarray(tokens.codes([self.column.clean(text)])[0], np.int32)
        if len(codes) <= length:
            raise DataError(
                "text_too_short",
                f"the text holds {len(codes)} codes, and a passage takes {length + 1}",
                remedy="bring a longer text",
                file=raw.origin.path,
            )
        spelled = np.array([tokens.spells(code) for code in range(len(tokens.labels))], np.int64)[codes]
        rows, letters = (
            np.lib.stride_tricks.sliding_window_view(one, length + 1)[::length] for one in (codes, spelled)
        )
        asked = np.full(len(rows), length)
        return Encoded({"token": rows.copy()}, np.stack([asked, letters[:, 1:].sum(1)], 1).astype(np.float64))

    def state(self) -> dict[str, Any]:
        return {**self.schema.state(), "passages": dict(self.passages)}


def restored(state: Mapping[str, Any]) -> Encoding:
    """Return the encoding that its state describes."""
    schema = Schema.restored(state)
    if "windows" in state:
        return Windowed(schema, Layout.restored(state["windows"]))
    if "watch" in state:
        return Watching(schema, Watch.restored(state["watch"]))
    if "passages" in state:
        return Text(schema, state["passages"])
    return RowByRow(schema)
