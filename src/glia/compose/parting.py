"""The audit of a table, and its parts: what may learn, choose, calibrate and judge."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from glia.columns.date import moments
from glia.columns.number import numbers
from glia.compose.prepared import PARTS, Say
from glia.core.errors import DataError
from glia.core.raw import RawTable
from glia.core.recipe import Recipe
from glia.judge.readouts import readouts
from glia.objectives import objectives
from glia.table.checks import View, audit
from glia.table.duplicates import duplicate_keys
from glia.table.question import Question
from glia.table.schema import Schema
from glia.table.split import Split, split

__all__ = ["labels", "parted", "units", "weights"]


def parted(
    tables: Mapping[str, RawTable], schema: Schema, question: Question, recipe: Recipe, found: Say
) -> tuple[dict[str, RawTable], Split]:
    """Audit a table, then part it.

    Args:
        tables: The rows to learn from (``"fit"``), and those of sources of their own.
        schema: Its columns.
        question: What is asked.
        recipe: The run's decisions.
        found: Told of every finding.

    Raises:
        UsageError: The split that was asked for does not fit.
        DataError: The audit found what must stop a run.
    """
    data, table = recipe.data, tables["fit"]
    view = _view(tables, schema, question, recipe)
    _audited(view, table, recipe, found)
    made = split(
        len(table),
        strata=view.target if _labeled(question) else None,
        groups=units(table, data.group),
        times=view.times,
        duplicates=view.duplicates,
        request=data.split,
        seed=recipe.seed,
        has_test="test" in tables,
        has_valid="valid" in tables,
        sparing=readouts.get(objectives.get(question.objective).readout).sparing,
    )
    parts = {part: table.take(getattr(made, part)) for part in PARTS}
    return {**parts, **{part: tables[part] for part in ("test", "valid") if part in tables}}, made


def _labeled(question: Question) -> bool:
    """Return whether a row's answer is a label or a number, which checks and splits can look at."""
    answers = question.objective in ("classify", "multilabel", "regress")
    return answers or (question.objective == "anomaly" and bool(question.targets))


def _view(tables: Mapping[str, RawTable], schema: Schema, question: Question, recipe: Recipe) -> View:
    """Return a table as its audit looks at it."""
    data, table = recipe.data, tables["fit"]
    inputs = [name for name in schema.columns if name not in question.targets]
    # An id tells every row from every other; copies are seen by what the network sees.
    duplicates = duplicate_keys(table, [name for name in inputs if schema.columns[name].used])
    times = _times(table, data.time)
    codes, classes = schema.first_look(table) if _labeled(question) else (np.zeros((len(table), 0)), ())
    return View(
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


def _audited(view: View, table: RawTable, recipe: Recipe, found: Say) -> None:
    """Tell what the audit finds.

    Raises:
        DataError: It must stop the run.
    """
    for finding in audit(view, recipe.accept):
        found(finding)
        if finding.severity == "stop":
            raise DataError(
                finding.code,
                finding.text,
                remedy=f"{finding.remedy}, or go on with --accept {finding.code}",
                file=table.origin.path,
            )


def units(table: RawTable, group: str | None) -> np.ndarray | None:
    """Return (N,) the group that each row belongs to, where rows belong to groups."""
    return None if group is None else np.unique(labels(table, group), return_inverse=True)[1].astype(np.int64)


def labels(table: RawTable, name: str) -> np.ndarray:
    """Return a column as (N,) texts, as groups are told apart."""
    raw = table[name]
    return np.where(raw.present, raw.values.astype(str), "")


def _times(table: RawTable, time: str | None) -> np.ndarray | None:
    return None if time is None else moments(table[time], time)


def weights(table: RawTable, weight: str | None) -> np.ndarray:
    """Return (N,) float32 what each row weighs, one on average.

    Raises:
        DataError: A weight is none.
    """
    if weight is None:
        return np.ones(len(table), np.float32)
    values = numbers(table[weight])
    if not (np.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
        raise DataError("bad_weight", "weights must be finite numbers, none negative, not all zero", column=weight)
    return (values / values.mean()).astype(np.float32)
