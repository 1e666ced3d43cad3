"""The columns of a table: which kind each is and why, learned from training rows, the same ever after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from glia.columns import columns as shelf
from glia.columns.number import Number
from glia.core.errors import DataError
from glia.core.finding import Finding
from glia.core.parts import Column
from glia.core.raw import RawTable
from glia.core.values import Spec
from glia.table._beside import joined, stacked
from glia.table._kinds import kinds_of
from glia.table._later import demand, left_aside, let_pass
from glia.table._names import refuse_unknown
from glia.table.answers import check_targets, placing
from glia.table.question import ask

__all__ = ["Schema"]

_Role = Literal["input", "target"]


class Schema:
    """The columns of a table.

    Args:
        columns: Columns by name, in the order of the table, targets among them.
        reasons: Why each column is read as it is.
        keys: Columns with another role (group, time, weight), which the network never sees.

    Example:
        >>> from glia.core.raw import Origin, Raw
        >>> there = np.ones(4, bool)
        >>> table = RawTable(
        ...     {"size": Raw(np.array([1.0, 2, 3, 4]), there), "big": Raw(np.array([0, 0, 1, 1]), there)},
        ...     Origin("made", "array"),
        ... )
        >>> schema = Schema.infer(table, targets=["big"])
        >>> schema.learn(table)
        >>> schema.columns["size"].kind, schema.columns["big"].kind, schema.encode(table)["number"].shape
        ('number', 'category', (4, 1))
    """

    def __init__(self, columns: Mapping[str, Column], reasons: Mapping[str, str], keys: Sequence[str] = ()) -> None:
        self.columns = dict(columns)
        self.reasons = dict(reasons)
        self.keys = tuple(keys)

    @classmethod
    def infer(
        cls,
        raw: RawTable,
        *,
        targets: Sequence[str],
        task: str | None = None,
        kinds: Mapping[str, str] | None = None,
        keys: Sequence[str] = (),
        text: str | None = None,
    ) -> Schema:
        """Decide which kind each column is.

        Args:
            raw: All rows; kinds are no statistics, so rows to be tested on may take part.
            targets: The columns asked for; their kind follows the task.
            task: ``"classify"`` or ``"regress"``; ``None`` = as :func:`glia.table.question.ask` finds.
            kinds: Kinds given by a person, by column.
            keys: Columns the network must not see.
            text: The column whose text is translated or labeled; it is read as prose, however short it is.

        Raises:
            UsageError: A name or kind that does not exist, or a target's kind that its task cannot use.
            DataError: There are no rows, or no column is left to answer from.
        """
        if not len(raw):
            raise DataError("no_rows", f"{raw.origin.name} has no rows", remedy="bring rows", file=raw.origin.path)
        refuse_unknown(raw, (*targets, *(kinds or {}), *keys))
        task = task or ask(raw, targets).task
        return cls(*kinds_of(raw, targets, task, kinds or {}, keys, text), keys)

    def compare(self, raw: RawTable) -> None:
        """Refuse answers that do not fit the columns they are about.

        Raises:
            DataError: They do not; with the row.
        """
        for column in self._of("target"):
            with placing(raw):
                column.compare(raw[column.name], raw.columns)

    def learn(self, raw: RawTable) -> None:
        """Learn statistics, classes and words from training rows.

        Raises:
            DataError: A target value cannot be read.
        """
        for name, column in self.columns.items():
            with placing(raw):
                column.learn(raw[name])
        given = self.specs()
        for column in self._of("target"):
            column.follow(given)
        for name, column in self.columns.items():
            why = self.reasons.get(name, "")
            if column.reason and column.reason not in why:
                self.reasons[name] = f"{why}; {column.reason}" if why else column.reason

    def specs(self, role: _Role = "input") -> dict[str, Spec]:
        """Return the spec of each group of stacked columns."""
        parts: dict[str, list[Spec]] = {}
        for column in self._of(role):
            for group, spec in column.specs().items():
                parts.setdefault(group, []).append(spec)
        return {group: stacked(specs) for group, specs in parts.items()}

    def encode(self, raw: RawTable, role: _Role = "input") -> dict[str, np.ndarray]:
        """Return (N, F) float32 or int64 values of each group, features in the order of its spec.

        Raises:
            DataError: A target value that cannot be read or was never seen in training.
        """
        parts: dict[str, list[np.ndarray]] = {}
        wanted = self._of(role)
        for column in wanted:
            with placing(raw):
                groups = column.encode(raw[column.name])
            for group, values in groups.items():
                parts.setdefault(group, []).append(values)
        return {group: joined(group, wanted, values) for group, values in parts.items()}

    def decode(self, values: np.ndarray) -> np.ndarray:
        """Return encoded targets in the units of the question: (N, T), where (N,) counts as one; texts as (N,)."""
        asked = self._of("target")
        if len(asked) == 1 and asked[0].specs()["target"].axes != ("feature",):
            return asked[0].decode(values)
        values = values.reshape(len(values), -1)
        return np.stack([column.decode(values[:, at]) for at, column in enumerate(self._of("target"))], axis=1)

    def truth(self, raw: RawTable, encoded: np.ndarray | None = None) -> np.ndarray:
        """Return what is asked for as judges want it: (N,) codes, (N, T) 0/1 or numbers in their units, or texts.

        Args:
            raw: Rows whose answers are known.
            encoded: The same answers encoded, where that is done already.
        """
        asked = self._of("target")
        if not asked:
            return np.zeros((len(raw), 0), np.float32)
        values = self.encode(raw, "target")["target"] if encoded is None else encoded
        spec = self.specs("target")["target"]
        if spec.axes == ("feature",):
            return self.decode(values) if spec.classes is None else values[:, 0] if len(asked) == 1 else values
        if spec.axes == ("time",):
            # Decoding a text would lose the words that training never saw, and with them what was really right.
            texts = raw[asked[0].name].values if asked[0].kind == "prose" else self.decode(values)
            return np.array([str(text) for text in texts], dtype=object)
        return values

    def first_look(self, raw: RawTable) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the answers of a whole table before anything is learned, for audits and splits.

        Returns:
            (N,) class codes or numbers, or (N, T) for several targets; and the labels of a single class code.
        """
        asked = [type(column)(column.name, "target") for column in self._of("target")]
        look = Schema({column.name: column for column in asked}, {})
        look.learn(raw)
        values = look.encode(raw, "target")["target"]
        labels = look.specs("target")["target"].classes
        values = look.decode(values) if labels is None else values
        return (values[:, 0] if len(asked) == 1 else values), (labels[0] if labels and len(asked) == 1 else ())

    def standard(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return the mean and the standard deviation by which each number asked for is standardized."""
        numbers = [column for column in self._of("target") if isinstance(column, Number)]
        return tuple(one.mean for one in numbers), tuple(one.deviation for one in numbers)

    def role(self, name: str) -> str:
        """Return ``"input"``, ``"target"``, ``"key"``, or ``"left out"``."""
        if name in self.keys:
            return "key"
        column = self.columns[name]
        return column.role if column.used else "left out"

    def match(self, raw: RawTable, *, needs_target: bool) -> tuple[RawTable, list[Finding]]:
        """Return later rows as this schema wants them, and what is odd about them.

        Args:
            raw: Rows of any table.
            needs_target: Whether the answers must be there, too; otherwise they are dropped.

        Raises:
            DataError: A column is missing or of another kind altogether, or an answer cannot be read.
        """
        targets = {column.name: column for column in self._of("target")}
        wanted = [column.name for column in self._of("input")] + (list(targets) if needs_target else [])
        demand(raw, wanted, self.columns)
        notes = []
        for column in self._of("input"):
            notes += [let_pass(finding, raw) for finding in column.review(raw[column.name])]
        if needs_target:
            check_targets(raw, targets)
            self.compare(raw)
        extra = [name for name in raw if name not in self.columns and name not in self.keys]
        notes += left_aside(extra)
        kept = [name for name in self.columns if name in raw and (needs_target or name not in targets)]
        kept += [name for name in self.keys if name in raw]
        return replace(raw, columns={name: raw[name] for name in kept}), notes

    def state(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "columns": [
                {
                    "name": name,
                    "kind": column.kind,
                    "role": column.role,
                    "reason": self.reasons.get(name, ""),
                    "state": column.state(),
                }
                for name, column in self.columns.items()
            ],
            "keys": list(self.keys),
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Schema:
        """Return the schema that :meth:`state` described."""
        found = {}
        for entry in state["columns"]:
            found[entry["name"]] = shelf.get(entry["kind"])(entry["name"], entry["role"])
            found[entry["name"]].restore(entry["state"])
        return cls(found, {entry["name"]: entry["reason"] for entry in state["columns"]}, state["keys"])

    def summarize(self, raw: RawTable) -> dict[str, np.ndarray]:
        """Return the sketches of every column that is there, as ``{"column/sketch": array}``."""
        return {
            f"{name}/{sketch}": values
            for name, column in self.columns.items()
            if name in raw
            for sketch, values in column.summarize(raw[name]).items()
        }

    def _of(self, role: _Role) -> list[Column]:
        return [column for column in self.columns.values() if column.used and column.role == role]
