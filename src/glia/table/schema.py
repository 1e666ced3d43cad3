"""The columns of a table: which kind each is and why, learned from training rows, the same ever after."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from glia.columns import columns as shelf
from glia.columns._cells import cells
from glia.columns._refuse import RowError
from glia.columns.boolean import Boolean
from glia.columns.number import Number
from glia.columns.prose import Prose
from glia.columns.tags import Tags
from glia.core.errors import DataError, UsageError
from glia.core.finding import Finding
from glia.core.names import did_you_mean, listed
from glia.core.parts import Column
from glia.core.raw import Raw, RawTable
from glia.core.values import Spec
from glia.table.question import ask, check_targets, placed

__all__ = ["Schema"]

_Role = Literal["input", "target"]

# What names of columns say: rows are told apart by ids, and whole numbers may be codes.
_ID = frozenset({"id", "ids", "uuid", "guid", "rowid", "index", "key", "identifier"})
_CODE = frozenset({"id", "code", "codes", "zip", "zipcode", "postcode", "postal", "plz", "sku", "key"})
_OWN = frozenset({"segment", "detect", "translate", "tag", "reconstruct"})
_READ = {"translate": "its text is translated", "tag": "its words are labeled"}
_ANSWERS = {
    "classify": ("category", "boolean"),
    "regress": ("number",),
    "segment": ("mask",),
    "detect": ("boxes",),
    "translate": ("prose",),
    "tag": ("tags",),
    "reconstruct": ("image",),
    "anomaly": ("boolean", "category"),
}


class Schema:
    """The columns of a table.

    Args:
        columns: Columns by name, in the order of the table, targets among them.
        reasons: Why each column is read as it is.
        keys: Columns with another role (group, time, weight), which the network never sees.

    Example:
        >>> from glia.core.raw import Origin
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
        kinds = dict(kinds or {})
        _known(raw, (*targets, *kinds, *keys))
        task = task or ask(raw, targets).task
        found: dict[str, Column] = {}
        reasons: dict[str, str] = {}
        for name in [name for name in raw if name in targets or name not in keys]:
            given, _, how = kinds[name].partition(":") if name in kinds else (None, "", "")
            if name in targets:
                kind, reasons[name] = _answer_kind(raw[name], name, task, given)
            else:
                prose = name == text and given is None
                kind, reasons[name] = ("prose", _READ[task]) if prose else _kind(raw[name], name, given)
            found[name] = shelf.get(kind)(name, "target" if name in targets else "input")
            if how:
                found[name].read_as(how)
        _paired(found, targets, text)
        schema = cls(found, reasons, keys)
        schema._demand_inputs(raw)
        return schema

    def compare(self, raw: RawTable) -> None:
        """Refuse answers that do not fit the columns they are about.

        Raises:
            DataError: They do not; with the row.
        """
        for column in self._of("target"):
            try:
                column.compare(raw[column.name], raw.columns)
            except RowError as error:
                raise placed(error, raw, error.row) from None

    def learn(self, raw: RawTable) -> None:
        """Learn statistics, classes and words from training rows.

        Raises:
            DataError: A target value cannot be read.
        """
        for name, column in self.columns.items():
            try:
                column.learn(raw[name])
            except RowError as error:
                raise placed(error, raw, error.row) from None
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
        return {group: _stacked(specs) for group, specs in parts.items()}

    def encode(self, raw: RawTable, role: _Role = "input") -> dict[str, np.ndarray]:
        """Return (N, F) float32 or int64 values of each group, features in the order of its spec.

        Raises:
            DataError: A target value that cannot be read or was never seen in training.
        """
        parts: dict[str, list[np.ndarray]] = {}
        for column in self._of(role):
            try:
                groups = column.encode(raw[column.name])
            except RowError as error:
                raise placed(error, raw, error.row) from None
            for group, values in groups.items():
                parts.setdefault(group, []).append(values)
        return {group: self._joined(group, role, values) for group, values in parts.items()}

    def _joined(self, group: str, role: _Role, parts: list[np.ndarray]) -> np.ndarray:
        """Return the values of several columns side by side; texts follow one another, each with codes of its own."""
        if len(parts) == 1:
            return parts[0]
        if group != "token":
            return np.concatenate(parts, axis=1)
        specs = [column.specs()[group] for column in self._of(role) if group in column.specs()]
        start = np.cumsum([0, *(spec.cardinalities[0] for spec in specs)])
        codes = np.concatenate([np.where(part > 0, part + at, 0) for part, at in zip(parts, start)], axis=1)
        # Padding stands at the end of a row and nowhere else.
        return np.take_along_axis(codes, np.argsort(codes == 0, axis=1, kind="stable"), axis=1).astype(np.int32)

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
        self._demand(raw, wanted)
        notes = []
        for column in self._of("input"):
            notes += [_let_pass(finding, raw) for finding in column.review(raw[column.name])]
        if needs_target:
            check_targets(raw, targets)
            self.compare(raw)
        extra = [name for name in raw if name not in self.columns and name not in self.keys]
        if extra:
            text = f"{listed(extra)} {'was' if len(extra) == 1 else 'were'} not there in training"
            notes.append(Finding("extra_columns", "note", text, {"columns": extra}, "ignored"))
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

    def _demand_inputs(self, raw: RawTable) -> None:
        if self._of("input"):
            return
        left = "; ".join(f"{name}: {self.reasons[name]}" for name, one in self.columns.items() if not one.used)
        raise DataError(
            "no_inputs",
            f"no column of {raw.origin.name} is left to answer from" + f" ({left})" * bool(left),
            remedy="bring more columns, or give the kind of one with --columns",
            file=raw.origin.path,
        )

    def _demand(self, raw: RawTable, wanted: list[str]) -> None:
        """Refuse a table without some columns, naming the likeliest of those that nothing else claims."""
        missing = [name for name in wanted if name not in raw]
        if not missing:
            return
        spare = [name for name in raw if name not in self.columns]
        said = ", ".join(f"{name!r}{did_you_mean(name, spare)}" for name in missing[:8])
        more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
        raise DataError(
            "missing_column",
            f"{raw.origin.name} lacks {said}{more}",
            remedy=f"bring {'it' if len(missing) == 1 else 'them'} under the name used in training",
            file=raw.origin.path,
            column=missing[0],
        )


def _known(raw: RawTable, names: Iterable[str]) -> None:
    for name in names:
        if name not in raw:
            raise UsageError(
                "unknown_column",
                f"{raw.origin.name} has no column {name!r}{did_you_mean(name, raw)}",
                remedy=f"its columns are {listed(raw, 30)}",
                column=name,
            )


def _answer_kind(raw: Raw, name: str, task: str, given: str | None) -> tuple[str, str]:
    if given is not None:
        if given not in _ANSWERS.get(task, ()):
            raise UsageError(
                "target_kind",
                f"{name!r} cannot be read as {given!r} where the task is to {task}",
                remedy=f"choose {listed(_ANSWERS.get(task, ()))}, or another --task",
                column=name,
            )
        return given, "its kind was given"
    if task == "anomaly" and raw.values.dtype != object and set(np.unique(raw.values[raw.present])) <= {0, 1}:
        return "boolean", "it says what is strange"
    if task in _OWN:
        return _ANSWERS[task][0], f"it is asked for, to {task}"
    if task == "regress":
        return "number", "it is asked for, as a number"
    truth = Boolean.recognize(raw)
    if truth.confidence > 0.5:
        return "boolean", truth.reason
    return "category", "it is asked for, as a label"


def _paired(columns: Mapping[str, Column], targets: Sequence[str], text: str | None) -> None:
    """Let labels of words know their text, and the text that each of its words is asked for one."""
    labels = [columns[name] for name in targets if isinstance(columns[name], Tags)]
    read = columns.get(text or "")
    for column in labels:
        if isinstance(column, Tags) and isinstance(read, Prose):
            column.about = read.name
            read.word_by_word()


def _kind(raw: Raw, name: str, given: str | None) -> tuple[str, str]:
    """Return a column's kind and why: what was given, else what its values and its name say."""
    if given is not None:
        shelf.get(given)
        return given, "its kind was given"
    kinds = {kind: shelf.get(kind) for kind in shelf.names()}
    guesses = {kind: column.recognize(raw) for kind, column in kinds.items() if column.media == raw.media}
    kind = max(guesses, key=lambda one: guesses[one].confidence)
    return _named_kind(raw, name, kind) or (kind, guesses[kind].reason)


def _named_kind(raw: Raw, name: str, kind: str) -> tuple[str, str] | None:
    """Return what the name of a column of whole numbers or of texts gives away, if anything."""
    words = set(re.findall(r"[a-z]+", re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name).lower()))
    if kind not in ("number", "text") or not words & (_ID | _CODE):
        return None
    found = cells(raw)
    here, count = found.here, len(found.words)
    single = all(word.isdecimal() for word in found.words) if kind == "number" else " " not in "".join(found.words)
    if not single:
        return None
    if words & _ID and count > (0.95 if kind == "number" else 0.5) * here:
        return "id", f"its name says so, and {count} of {here} values are different"
    if words & _CODE and kind == "number" and count <= 0.5 * here:
        return "category", f"its name says that its {count} whole numbers are codes"
    return None


def _stacked(specs: list[Spec]) -> Spec:
    """Return one spec for features, channels or texts put side by side."""
    first = specs[0]
    if len(specs) == 1:
        return first
    names = tuple(name for spec in specs for name in spec.names)
    if first.axes == ("time",):
        labels = tuple(label for spec in specs for label in (spec.classes or ((),))[0])
        return Spec(first.axes, first.size, first.dtype, names=names, classes=(labels,))
    if first.axes != ("feature",):
        if any(spec.size[1:] != first.size[1:] for spec in specs):
            raise UsageError(
                "sizes_differ",
                f"the columns {listed(names)} hold pictures or sounds of different sizes",
                remedy="give them one size, or leave one out with --columns NAME=constant",
            )
        channels = sum(spec.size[0] or 0 for spec in specs)
        center, spread = (tuple(one for spec in specs for one in getattr(spec, at)) for at in ("center", "spread"))
        return Spec(first.axes, (channels, *first.size[1:]), first.dtype, names, center=center, spread=spread)
    return Spec(
        ("feature",),
        (sum(spec.width for spec in specs),),
        specs[0].dtype,
        names=names,
        classes=_joined([spec.classes for spec in specs]),
        edges=_joined([spec.edges for spec in specs]),
    )


def _joined(parts: list[Any]) -> Any:
    return None if None in parts else tuple(one for part in parts for one in part)


def _let_pass(finding: Finding, raw: RawTable) -> Finding:
    """Return a note, with its line; raise what must stop."""
    line = raw.origin.line(finding.evidence["row"])
    if finding.severity == "stop":
        file, column = raw.origin.path or raw.origin.name, finding.evidence["column"]
        raise DataError(finding.code, finding.text, remedy=finding.remedy, file=file, line=line, column=column)
    return replace(finding, evidence={**finding.evidence, "line": line}) if line is not None else finding
