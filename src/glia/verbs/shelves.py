"""What there is to choose from."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from glia.core.constraints import describe_options
from glia.core.errors import UsageError
from glia.core.names import did_you_mean, listed
from glia.core.shelf import Shelf

__all__ = ["SHELVES", "shelves"]

SHELVES = {
    "nets": "glia.nets",
    "objectives": "glia.objectives",
    "metrics": "glia.metrics",
    "columns": "glia.columns",
    "sources": "glia.sources",
    "checks": "glia.table.checks",
    "yardsticks": "glia.judge.yardsticks",
    "optimizers": "glia.train.optimizers",
    "schedules": "glia.train.schedules",
    "steps": "glia.train.steps",
    "remedies": "glia.train.remedies",
    "streams": "glia.streams",
    "augments": "glia.augments",
    "readouts": "glia.judge.readouts",
    "reparams": "glia.reparams",
}

KINDS = {
    "table": {"number", "category", "dense"},
    "pictures": {"image"},
    "text": {"token"},
    "series": {"series"},
    "sound": {"audio"},
}
"""The groups of a batch that each kind of data gives."""


def shelves(name: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
    """Return the parts of a shelf, or the shelves: name, one sentence, and the options each part takes.

    Args:
        name: A shelf; without one the shelves themselves are listed.
        kind: Keep only parts that read this kind of data, one of :data:`KINDS`; others read any.

    Raises:
        UsageError: There is no such shelf.
    """
    if kind is not None and kind not in KINDS:
        raise UsageError(
            "unknown_data",
            f"there is no data kind {kind!r}{did_you_mean(kind, KINDS)}",
            remedy=f"choose one of {listed(KINDS)}",
        )
    if name is None:
        return [
            {"name": one, "summary": ", ".join(Shelf(path).names()), "options": {}} for one, path in SHELVES.items()
        ]
    if name not in SHELVES:
        raise UsageError(
            "unknown_shelf",
            f"there is no shelf {name!r}{did_you_mean(name, SHELVES)}",
            remedy=f"choose one of {listed(SHELVES, 30)}",
        )
    shelf: Shelf = getattr(import_module(SHELVES[name]), name)
    rows = []
    for part in shelf.names():
        options = {key: default for key, (_, default) in describe_options(shelf.get(part)).items()}
        found = shelf.get(part)
        takes = sorted(getattr(found, "takes", getattr(found, "reads", ())))
        # Networks of pictures read the table beside them, too; what counts is what they were made for.
        own = {group for group in takes if group not in KINDS["table"]} or set(takes)
        if kind is not None and takes and not own & KINDS[kind]:
            continue
        treats = getattr(shelf.get(part), "treats", None)
        rows.append(
            {
                "name": part,
                "summary": shelf.summary(part),
                "options": {k: _plain(v) for k, v in options.items()},
                **({"takes": takes} if takes else {}),
                **({"treats": treats} if treats else {}),
            }
        )
    return rows


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | type(None) | list | tuple) else "required"
