"""Rows that come later: the columns they must have, and what is odd about them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from glia.core.errors import DataError
from glia.core.finding import Finding
from glia.core.names import did_you_mean, listed
from glia.core.raw import RawTable

__all__ = ["demand", "left_aside", "let_pass"]


def demand(raw: RawTable, wanted: Sequence[str], claimed: Container[str]) -> None:
    """Refuse a table without some columns, naming the likeliest of those that nothing else claims.

    Args:
        raw: The table.
        wanted: The columns it must have.
        claimed: Columns that are known under their own name.

    Raises:
        DataError: A column is missing.
    """
    missing = [name for name in wanted if name not in raw]
    if not missing:
        return
    spare = [name for name in raw if name not in claimed]
    said = ", ".join(f"{name!r}{did_you_mean(name, spare)}" for name in missing[:8])
    more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
    raise DataError(
        "missing_column",
        f"{raw.origin.name} lacks {said}{more}",
        remedy=f"bring {'it' if len(missing) == 1 else 'them'} under the name used in training",
        file=raw.origin.path,
        column=missing[0],
    )


def let_pass(finding: Finding, raw: RawTable) -> Finding:
    """Return a note, with its line; raise what must stop.

    Raises:
        DataError: The finding must stop.
    """
    line = raw.origin.line(finding.evidence["row"])
    if finding.severity == "stop":
        file, column = raw.origin.path or raw.origin.name, finding.evidence["column"]
        raise DataError(finding.code, finding.text, remedy=finding.remedy, file=file, line=line, column=column)
    return replace(finding, evidence={**finding.evidence, "line": line}) if line is not None else finding


def left_aside(extra: Sequence[str]) -> list[Finding]:
    """Return a note on columns that were not there in training, where there are any."""
    if not extra:
        return []
    text = f"{listed(extra)} {'was' if len(extra) == 1 else 'were'} not there in training"
    return [Finding("extra_columns", "note", text, {"columns": extra}, "ignored")]
