"""Rows that are examples each: those that can be used are audited, parted, learned from and encoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glia.columns.mask import Mask
from glia.compose.parting import parted, units, weights
from glia.compose.prepared import Prepared, Say
from glia.compose.pretrained import taken_over
from glia.core.errors import DataError
from glia.core.finding import Finding
from glia.core.names import listed
from glia.core.raw import RawTable
from glia.core.recipe import Recipe
from glia.table.answers import answered
from glia.table.encodings import RowByRow
from glia.table.question import Question
from glia.table.schema import Schema
from glia.table.split import Split

__all__ = ["by_row"]


def by_row(tables: Mapping[str, RawTable], question: Question, recipe: Recipe, found: Say) -> Prepared:
    """Return rows that are examples each.

    Args:
        tables: The rows to learn from (``"fit"``), and those of sources of their own.
        question: What is asked.
        recipe: The run's decisions.
        found: Told of every finding.

    Raises:
        UsageError: A decision does not fit the rows.
        DataError: Rows cannot be read rightly, or the audit found what must stop a run.
    """
    tables = {part: _answered(table, question, part, found) for part, table in tables.items()}
    schema = _inferred(tables["fit"], question, recipe)
    tables = {part: _readable(table, schema, recipe.data.skip_bad, found) for part, table in tables.items()}
    parts, split = parted(tables, schema, question, recipe, found)
    schema.learn(parts["train"])
    for part in ("test", "valid"):
        if part in tables:
            parts[part], notes = schema.match(tables[part], needs_target=True)
            for note in notes:
                found(note)
    return _encoded(parts, schema, question, recipe, split)


def _inferred(table: RawTable, question: Question, recipe: Recipe) -> Schema:
    """Return the columns, which have learned nothing but what came with a network."""
    data = recipe.data
    keys = [name for name in (data.group, data.time, data.weight) if name]
    schema = Schema.infer(
        table,
        targets=question.targets,
        task=question.task,
        kinds=data.columns,
        keys=keys,
        text=question.text,
    )
    schema.compare(table)
    taken_over(schema, recipe.net.start)
    return schema


def _encoded(parts: dict[str, RawTable], schema: Schema, question: Question, recipe: Recipe, split: Split) -> Prepared:
    """Return parts as networks take them."""
    data = recipe.data
    inputs = {part: schema.encode(table) for part, table in parts.items()}
    targets = {part: _targets(schema, table) for part, table in parts.items()}
    truth = {part: schema.truth(parts[part], target) for part, target in targets.items()}
    if question.objective == "anomaly":
        truth = {part: _strange(one, truth["train"]) for part, one in truth.items()}
    return Prepared(
        question=question,
        encoding=RowByRow(schema),
        raw=parts,
        inputs=inputs,
        targets=targets,
        truth=truth,
        units={part: units(table, data.group) for part, table in parts.items()},
        weight={part: weights(table, data.weight) for part, table in parts.items()},
        split=split,
        reasons={"task": question.reason, "split": split.reason},
    )


def _strange(codes: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return 1 for rows of another class than most training rows, and 0 where nobody says what a row is."""
    if codes.ndim > 1:
        return np.zeros(len(codes), np.int64)
    usual = int(np.bincount(train.astype(np.int64)).argmax())
    return (codes != usual).astype(np.int64)


def _targets(schema: Schema, table: RawTable) -> np.ndarray:
    """Return the encoded answers, (N, 0) where nothing is asked for."""
    return schema.encode(table, "target").get("target", np.zeros((len(table), 0), np.float32))


def _answered(table: RawTable, question: Question, part: str, found: Say) -> RawTable:
    """Return the rows whose target is known; the others teach nothing and say nothing about quality."""
    absent = [name for name in question.targets if name not in table]
    if absent:
        raise DataError(
            "missing_column",
            f"{table.origin.name} has no column {listed(absent)}, which holds what is asked for",
            remedy=f"bring {part} rows whose answer is known, or leave that source out",
        )
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


def _readable(table: RawTable, schema: Schema, skip: int, found: Say) -> RawTable:
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
    if pictures is None:
        return []
    return [bad for mask in masks for bad in mask.mismatches(table[mask.name], table[pictures.name])]
