"""From sources to encoded parts: read, ask, audit, split, learn encoders on training rows only, encode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from glia.compose.by_row import by_row
from glia.compose.in_order import IN_ORDER
from glia.compose.large import opened
from glia.compose.prepared import Prepared
from glia.core.errors import UsageError
from glia.core.finding import Finding
from glia.core.names import did_you_mean, listed
from glia.core.raw import RawTable
from glia.core.recipe import Recipe
from glia.sources import read
from glia.table.question import ask

__all__ = ["Prepared", "Sources", "prepare"]


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
        one.refuse(recipe, in_order=question.objective in IN_ORDER)
        if question.objective in IN_ORDER:  # nobody said how much memory there is, so it may do
            rows = read(given[part], names=data.names)
            tables |= _own_parts(rows) if part == "fit" else {part: rows}
        elif part != "fit":
            found(one.sampled(part))
    prepared = IN_ORDER.get(question.objective, by_row)(tables, question, recipe, found)
    prepared.findings = findings
    if large is not None and question.objective not in IN_ORDER:
        prepared.large = large
        prepared.shards = None if room is None else large.shards(prepared, recipe, room, tell)
        found(large.finding(prepared.shards))
    return prepared


def _own_parts(whole: RawTable) -> dict[str, RawTable]:
    """Return the parts that the source itself makes, as an official split does."""
    if whole.part is None:
        return {"fit": whole}
    ids = {part: np.flatnonzero(whole.part == part) for part in ("train", "valid", "test")}
    parts = {part: whole.take(rows) for part, rows in ids.items() if len(rows)}
    return {"fit" if part == "train" else part: replace(table, part=None) for part, table in parts.items()}


def _known(table: RawTable, names: list[str]) -> None:
    for name in names:
        if name not in table:
            raise UsageError(
                "unknown_column",
                f"{table.origin.name} has no column {name!r}{did_you_mean(name, table)}",
                remedy=f"its columns are {listed(table, 30)}",
            )
