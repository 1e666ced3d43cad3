"""Names of columns that people give."""

from __future__ import annotations

from collections.abc import Iterable

from glia.core.errors import UsageError
from glia.core.names import did_you_mean, listed
from glia.core.raw import RawTable

__all__ = ["refuse_unknown"]


def refuse_unknown(raw: RawTable, names: Iterable[str], code: str = "unknown_column") -> None:
    """Refuse names that no column of a table has, and say which was probably meant.

    Args:
        raw: The table.
        names: What a person named.
        code: The word for programs.

    Raises:
        UsageError: There is no such column.
    """
    for name in names:
        if name not in raw:
            raise UsageError(
                code,
                f"{raw.origin.name} has no column {name!r}{did_you_mean(name, raw)}",
                remedy=f"its columns are {listed(raw, 30)}",
                column=name,
            )
