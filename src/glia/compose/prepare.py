"""From sources to encoded parts: read, ask, audit, split, learn encoders on training rows only, encode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glia.columns.mask import Mask
from glia.compose.large import Large, opened
from glia.compose.pretrained import taken_over
from glia.core.errors import DataError, UsageError
from glia.core.finding import Finding
from glia.core.names import did_you_mean, listed
from glia.core.raw import RawTable
from glia.core.recipe import Recipe
from glia.core.values import Spec
from glia.sources import read
from glia.table.checks import View, audit
from glia.table.duplicates import duplicate_keys
from glia.table.encodings import Encoding, RowByRow, Text, Watching, Windowed
from glia.table.passages import Passages, passages
from glia.table.question import Question, answered, ask
from glia.table.schema import Schema
from glia.table.split import Split, split
from glia.table.watch import Watched, watched
from glia.table.windows import Windows, windowed

if TYPE_CHECKING:
    from glia.streams._shards import Shards

__all__ = ["PARTS", "Prepared", "Sources", "prepare"]

PARTS = ("train", "valid", "calibration", "test")


@dataclass(frozen=True)
class Sources:
    """The sources of a run as they were given: names of files, or tables in memory.

    Args:
        fit: The rows to learn from.
        test: Rows kept untouched until the last step.
        valid: Rows for choosing.
    """

    fit: Any
    test: Any = None
    valid: Any = None


@dataclass
class Prepared:
    """Encoded rows, parted, with everything that was found out on the way.

    Args:
        question: What is asked.
        encoding: The way from rows to what networks take, learned from training rows.
        raw: Raw rows by part.
        inputs: Encoded groups by part.
        targets: Encoded targets by part, (N, ...); (N, 0) where nothing is asked for.
        truth: Targets by part as judges want them: (N,) codes, (N, T) 0/1, numbers in their units, or texts; of
            strange rows 1 and of others 0.
        units: What a part's rows belong to (groups), where intervals must resample those.
        weight: (N,) weight of each row by part.
        split: How rows were parted.
        findings: What the audit found.
        reasons: What was decided, and why.
        primed: The weights of networks that have looked at training rows before their first step.
        large: The table, where it is larger than memory; everything above is then a sample of it.
        shards: All of its training rows, those of the sample among them.
        settled: What layers that stay as they are made of rows, by what was asked.
        pace: Seconds that such layers took for a row.
    """

    question: Question
    encoding: Encoding
    raw: dict[str, RawTable]
    inputs: dict[str, dict[str, np.ndarray]]
    targets: dict[str, np.ndarray]
    truth: dict[str, np.ndarray]
    units: dict[str, np.ndarray | None]
    weight: dict[str, np.ndarray]
    split: Split
    findings: list[Finding] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    primed: dict[Any, dict[str, Any]] = field(default_factory=dict)
    large: Large | None = None
    shards: Shards | None = None
    settled: dict[Any, Any] = field(default_factory=dict)
    pace: float = 0.0

    def rows(self, part: str) -> int:
        """Return how many rows a part has; of a table larger than memory, all that train."""
        if part != "train" or self.large is None:
            return len(self.targets[part])
        return self.large.rows if self.shards is None else self.shards.rows

    def places(self, rows: np.ndarray) -> np.ndarray:
        """Return the numbers that training rows have in the table."""
        return rows if self.shards is not None else self.split.train[rows]

    @property
    def schema(self) -> Schema:
        """The columns."""
        return self.encoding.schema

    def specs(self) -> dict[str, Spec]:
        """Return what goes into a network."""
        return self.encoding.specs()

    def asked(self) -> dict[str, Spec]:
        """Return what is asked for."""
        return self.encoding.asked()

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels of a single classified target; empty otherwise."""
        labels = self.asked()["target"].classes if "target" in self.asked() else None
        return labels[0] if labels and self.question.objective == "classify" else ()


def prepare(
    sources: Sources,
    recipe: Recipe,
    say: Callable[[Finding], None] = lambda finding: None,
    *,
    room: Path | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> Prepared:
    """Return a run's rows, read, asked, audited, parted and encoded.

    Args:
        sources: Where the rows are.
        recipe: The run's decisions.
        say: Told of every finding as it comes.
        room: A folder for the rows of a table that is larger than memory; without one they are only sampled.
        tell: Told how far reading such a table has come.

    Raises:
        UsageError: The question does not fit the table.
        DataError: The rows cannot be read rightly, or the audit found what must stop a run.
    """
    data = recipe.data
    given = {part: source for part, source in vars(sources).items() if part == "fit" or source is not None}
    larges = {part: one for part, source in given.items() if (one := opened(source, recipe)) is not None}
    tables = {part: larges[part].sample if part in larges else read(given[part], names=data.names) for part in given}
    whole, large = tables.pop("fit"), larges.get("fit")
    tables = {**_own_parts(whole), **tables}
    _known(whole, [*data.columns, *filter(None, (data.group, data.time, data.weight))])
    question = ask(whole, data.target, recipe.objective.task)
    findings: list[Finding] = []

    def found(finding: Finding) -> None:
        findings.append(finding)
        say(finding)

    for part, one in larges.items():
        one.refuse(recipe, in_order=question.objective in _WAYS)
        if question.objective in _WAYS:  # nobody said how much memory there is, so it may do
            rows = read(given[part], names=data.names)
            tables |= _own_parts(rows) if part == "fit" else {part: rows}
        elif part != "fit":
            found(one.sampled(part))
    prepared = _WAYS.get(question.objective, _of_rows)(tables, question, recipe, found)
    prepared.findings = findings
    if large is not None and question.objective not in _WAYS:
        prepared.large = large
        prepared.shards = None if room is None else large.shards(prepared, recipe, room, tell)
        found(large.finding(prepared.shards))
    return prepared


def _of_rows(
    tables: Mapping[str, RawTable], question: Question, recipe: Recipe, found: Callable[[Finding], None]
) -> Prepared:
    """Return rows that are examples each."""
    data = recipe.data
    tables = {part: _answered(table, question, part, found) for part, table in tables.items()}
    keys = [name for name in (data.group, data.time, data.weight) if name]
    schema = Schema.infer(
        tables["fit"],
        targets=question.targets,
        task=question.task,
        kinds=data.columns,
        keys=keys,
        text=question.text,
    )
    schema.compare(tables["fit"])
    taken_over(schema, recipe.net.start)
    tables = {part: _readable(table, schema, data.skip_bad, found) for part, table in tables.items()}
    parts, parted = _part(tables, schema, question, recipe, found)
    schema.learn(parts["train"])
    for part in ("test", "valid"):
        if part in tables:
            parts[part], notes = schema.match(tables[part], needs_target=True)
            for note in notes:
                found(note)
    encoded = {part: schema.encode(table) for part, table in parts.items()}
    targets = {part: _targets(schema, table) for part, table in parts.items()}
    truth = {part: schema.truth(parts[part], target) for part, target in targets.items()}
    if question.objective == "anomaly":
        truth = {part: _strange(one, truth["train"]) for part, one in truth.items()}
    return Prepared(
        question=question,
        encoding=RowByRow(schema),
        raw=parts,
        inputs=encoded,
        targets=targets,
        truth=truth,
        units={part: _units(table, data.group) for part, table in parts.items()},
        weight={part: _weights(table, data.weight) for part, table in parts.items()},
        split=parted,
        reasons={"task": question.reason, "split": parted.reason},
    )


def _of_series(
    tables: Mapping[str, RawTable], question: Question, recipe: Recipe, found: Callable[[Finding], None]
) -> Prepared:
    """Return the windows of a table of series."""
    data, table = recipe.data, tables["fit"]
    if "valid" in tables:
        said = "a forecast is chosen by the last steps before those that judge, and rows for choosing were given"
        raise UsageError("no_valid", said, remedy="put these rows behind the training rows, in one file")
    windows = windowed(
        table,
        question.targets,
        horizon=data.horizon,
        lookback=data.lookback,
        time=data.time,
        series=data.group,
        known=data.known,
        split=data.split,
        later=tables.get("test"),
    )
    for text in windows.notes:
        found(Finding("series", "note", text))
    roles = windows.layout.roles
    keys = [name for name in (roles.time, roles.series) if name and name in table]
    if roles.steps:
        schema = Schema({}, {}, keys)
    else:
        named = replace(table, columns={name: table[name] for name in (*keys, *roles.values, *roles.known)})
        schema = Schema.infer(named, targets=(), task=question.task, keys=keys)
        schema.learn(named)
    return _in_order(tables, question, Windowed(schema, windows.layout), windows)


def _of_watch(
    tables: Mapping[str, RawTable], question: Question, recipe: Recipe, found: Callable[[Finding], None]
) -> Prepared:
    """Return every row of a series with what came before it."""
    data, table = recipe.data, tables["fit"]
    label = next(iter(question.targets), None)
    rows = watched(table, label, lookback=data.lookback, time=data.time, series=data.group, split=data.split)
    for text in rows.notes:
        found(Finding("series", "note", text))
    roles = rows.layout.roles
    keys = [name for name in (roles.time, roles.series, label) if name and name in table]
    named = replace(table, columns={name: table[name] for name in (*keys, *roles.values)})
    schema = Schema.infer(named, targets=(), task=question.task, keys=keys)
    schema.learn(named)
    return _in_order(tables, question, Watching(schema, rows.layout), rows)


def _of_text(
    tables: Mapping[str, RawTable],
    question: Question,
    recipe: Recipe,
    found: Callable[[Finding], None],  # noqa: ARG001
) -> Prepared:
    """Return the passages of a long text."""
    name = next(iter(question.targets), None)
    words = question.objective == "embed_words"
    level, length = ("word", recipe.data.lookback or 64) if words else (None, recipe.data.lookback)
    texts = passages(tables["fit"], name, length=length, level=level, split=recipe.data.split)
    schema = Schema({texts.column.name: texts.column}, {texts.column.name: "it holds the text"})
    return _in_order(tables, question, Text(schema, texts.state()), texts)


def _in_order(
    tables: Mapping[str, RawTable], question: Question, encoding: Encoding, made: Windows | Watched | Passages
) -> Prepared:
    """Return what was cut out of rows whose order matters."""
    counts = {part: len(made.targets[part]) for part in PARTS}
    ids = {part: np.arange(count) for part, count in counts.items()}
    ones = {part: np.ones(count, np.float32) for part, count in counts.items()}
    return Prepared(
        question=question,
        encoding=encoding,
        raw={"train": tables["fit"], "test": tables.get("test", tables["fit"])},
        inputs=made.inputs,
        targets=made.targets,
        truth=made.truth,
        units={part: made.units[part] for part in PARTS},
        weight=ones if isinstance(made, Passages) else made.weight,
        split=Split(**ids, unit="window", reason=made.reasons["split"], unused=0),
        reasons={"task": question.reason, **made.reasons},
    )


_WAYS = {"forecast": _of_series, "surprise": _of_watch, "generate": _of_text, "embed_words": _of_text}


def _strange(codes: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return 1 for rows of another class than most training rows, and 0 where nobody says what a row is."""
    if codes.ndim > 1:
        return np.zeros(len(codes), np.int64)
    usual = int(np.bincount(train.astype(np.int64)).argmax())
    return (codes != usual).astype(np.int64)


def _own_parts(whole: RawTable) -> dict[str, RawTable]:
    """Return the parts that the source itself makes, as an official split does."""
    if whole.part is None:
        return {"fit": whole}
    ids = {part: np.flatnonzero(whole.part == part) for part in ("train", "valid", "test")}
    parts = {part: whole.take(rows) for part, rows in ids.items() if len(rows)}
    return {"fit" if part == "train" else part: replace(table, part=None) for part, table in parts.items()}


def _targets(schema: Schema, table: RawTable) -> np.ndarray:
    """Return the encoded answers, (N, 0) where nothing is asked for."""
    return schema.encode(table, "target").get("target", np.zeros((len(table), 0), np.float32))


def _known(table: RawTable, names: list[str]) -> None:
    for name in names:
        if name not in table:
            raise UsageError(
                "unknown_column",
                f"{table.origin.name} has no column {name!r}{did_you_mean(name, table)}",
                remedy=f"its columns are {listed(table, 30)}",
            )


def _answered(table: RawTable, question: Question, part: str, found: Callable[[Finding], None]) -> RawTable:
    """Return the rows whose target is known; the others teach nothing and say nothing about quality."""
    known = answered(table, question.targets)
    if known.all():
        return table
    lost = np.flatnonzero(~known)
    if len(lost) == len(table):
        raise DataError(
            "target_missing",
            f"no row of {table.origin.name} has a value in {listed(question.targets)}",
            remedy="name another column with --target, or bring rows whose answer is known",
        )
    found(
        Finding(
            "target_missing",
            "warning",
            f"{len(lost)} of {len(table)} rows of the {part} table have no {listed(question.targets)}",
            {"rows": lost[:10].tolist(), "count": len(lost)},
            "they were left out",
        )
    )
    return table.take(np.flatnonzero(known))


def _readable(table: RawTable, schema: Schema, skip: int, found: Callable[[Finding], None]) -> RawTable:
    """Return the rows whose files can be read; nothing is left out unless somebody said how many may be.

    Raises:
        DataError: More files than that cannot be read.
    """
    bad = {
        one.row: one
        for column in schema.columns.values()
        if hasattr(column, "examine") and column.name in table
        for one in column.examine(table[column.name])
    }
    bad |= {one.row: one for one in _mismatched(table, schema) if one.row not in bad}
    if not bad:
        return table
    if len(bad) > skip:
        first = next(iter(bad.values()))
        more = f"; {len(bad) - 1} more files cannot be read" if len(bad) > 1 else ""
        raise DataError(
            "bad_file",
            f"{first.text}{more}",
            remedy=f"{first.remedy}, or go on without such files with --skip-bad {len(bad)}",
            file=first.file or None,
        )
    names = [one.file or f"row {one.row + 1}" for one in bad.values()]
    text = f"{len(bad)} files cannot be read: {listed(names, 8)}"
    found(Finding("bad_files", "warning", text, {"files": names}, "they were left out, as --skip-bad allows"))
    return table.take(np.setdiff1d(np.arange(len(table)), list(bad)))


def _mismatched(table: RawTable, schema: Schema) -> list[Any]:
    """Return the masks that are not of the size of their pictures."""
    pictures = next((one for one in schema.columns.values() if one.kind == "image"), None)
    masks = [one for one in schema.columns.values() if isinstance(one, Mask) and one.name in table]
    if pictures is None or table.origin.kind in ("folder", "archive"):  # these have looked already
        return []
    return [bad for mask in masks for bad in mask.mismatches(table[mask.name], table[pictures.name])]


def _part(
    tables: dict[str, RawTable],
    schema: Schema,
    question: Question,
    recipe: Recipe,
    found: Callable[[Finding], None],
) -> tuple[dict[str, RawTable], Split]:
    """Audit the table, then part it."""
    data, table = recipe.data, tables["fit"]
    answers = question.objective in ("classify", "multilabel", "regress")
    labels = answers or (question.objective == "anomaly" and bool(question.targets))
    inputs = [name for name in schema.columns if name not in question.targets]
    # An id tells every row from every other; copies are seen by what the network sees.
    duplicates = duplicate_keys(table, [name for name in inputs if schema.columns[name].used])
    times = _times(table, data.time)
    codes, classes = schema.first_look(table) if labels else (np.zeros((len(table), 0)), ())
    view = View(
        raw=table.without(*schema.keys),
        kinds={name: schema.columns[name].kind for name in inputs},
        targets=question.targets,
        target=codes,
        classes=classes,
        objective=question.objective,
        duplicates=duplicates,
        times=times,
        test=tables.get("test"),
        grouped=data.group is not None,
        seed=recipe.seed,
        seconds=min(2.0, 0.05 * recipe.budget) if recipe.clocked and recipe.budget else float("inf"),
    )
    for finding in audit(view, recipe.accept):
        found(finding)
        if finding.severity == "stop":
            raise DataError(
                finding.code,
                finding.text,
                remedy=f"{finding.remedy}, or go on with --accept {finding.code}",
                file=table.origin.path,
            )
    parted = split(
        len(table),
        strata=codes if labels else None,
        groups=_units(table, data.group),
        times=times,
        duplicates=duplicates,
        request=data.split,
        seed=recipe.seed,
        has_test="test" in tables,
        has_valid="valid" in tables,
    )
    parts = {part: table.take(getattr(parted, part)) for part in PARTS}
    return {**parts, **{part: tables[part] for part in ("test", "valid") if part in tables}}, parted


def _units(table: RawTable, group: str | None) -> np.ndarray | None:
    if group is None:
        return None
    raw = table[group]
    text = np.where(raw.present, raw.values.astype(str), "")
    return np.unique(text, return_inverse=True)[1].astype(np.int64)


def _times(table: RawTable, time: str | None) -> np.ndarray | None:
    if time is None:
        return None
    from glia.columns.date import moments

    return moments(table[time], time)


def _weights(table: RawTable, weight: str | None) -> np.ndarray:
    if weight is None:
        return np.ones(len(table), np.float32)
    from glia.columns.number import numbers

    values = numbers(table[weight])
    if not (np.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
        raise DataError("bad_weight", "weights must be finite numbers, none negative, not all zero", column=weight)
    return (values / values.mean()).astype(np.float32)
