"""Examples cut out of rows whose order matters: windows of series, rows with their past, passages of a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from glia.compose.prepared import PARTS, Prepared, Say
from glia.core.errors import UsageError
from glia.core.finding import Finding
from glia.core.raw import RawTable
from glia.core.recipe import Recipe
from glia.table.encodings import Encoding, Text, Watching, Windowed
from glia.table.passages import Passages, passages
from glia.table.question import Question
from glia.table.schema import Schema
from glia.table.split import Split
from glia.table.watch import Watched, watched
from glia.table.windows import Windows, windowed

__all__ = ["IN_ORDER"]


def _of_series(tables: Mapping[str, RawTable], question: Question, recipe: Recipe, found: Say) -> Prepared:
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
    columns = (*roles.values, *roles.known)
    schema = Schema({}, {}, keys) if roles.steps else _learned(table, question, keys, columns)
    return _in_order(tables, question, Windowed(schema, windows.layout), windows)


def _of_watch(tables: Mapping[str, RawTable], question: Question, recipe: Recipe, found: Say) -> Prepared:
    """Return every row of a series with what came before it."""
    data, table = recipe.data, tables["fit"]
    label = next(iter(question.targets), None)
    rows = watched(table, label, lookback=data.lookback, time=data.time, series=data.group, split=data.split)
    for text in rows.notes:
        found(Finding("series", "note", text))
    roles = rows.layout.roles
    keys = [name for name in (roles.time, roles.series, label) if name and name in table]
    schema = _learned(table, question, keys, roles.values)
    return _in_order(tables, question, Watching(schema, rows.layout), rows)


def _of_text(
    tables: Mapping[str, RawTable],
    question: Question,
    recipe: Recipe,
    found: Say,  # noqa: ARG001
) -> Prepared:
    """Return the passages of a long text."""
    name = next(iter(question.targets), None)
    words = question.objective == "embed_words"
    level, length = ("word", recipe.data.lookback or 64) if words else (None, recipe.data.lookback)
    texts = passages(tables["fit"], name, length=length, level=level, split=recipe.data.split)
    schema = Schema({texts.column.name: texts.column}, {texts.column.name: "it holds the text"})
    return _in_order(tables, question, Text(schema, texts.state()), texts)


def _learned(table: RawTable, question: Question, keys: Sequence[str], names: Sequence[str]) -> Schema:
    """Return what some columns of a series teach; what is asked for is told by its layout."""
    named = replace(table, columns={name: table[name] for name in (*keys, *names)})
    schema = Schema.infer(named, targets=(), task=question.task, keys=keys)
    schema.learn(named)
    return schema


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


IN_ORDER: dict[str, Callable[[Mapping[str, RawTable], Question, Recipe, Say], Prepared]] = {
    "forecast": _of_series,
    "surprise": _of_watch,
    "generate": _of_text,
    "embed_words": _of_text,
}
"""By objective: how examples are made where rows are none by themselves."""
