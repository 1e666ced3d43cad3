"""Pictures that show nothing, or hardly can: of one color, of a few pixels, or the first of many frames."""

from __future__ import annotations

from glia.columns._looks import looks
from glia.columns._pictures import file_of
from glia.core.finding import Finding, Severity
from glia.table.checks._view import View

__all__ = ["check"]

_PER_SECOND = 2_000


def check(view: View) -> list[Finding]:
    """Find blank, tiny and moving pictures; blank and tiny ones are a warning where they are one in a hundred."""
    found = []
    for name in view.media:
        raw = view.raw[name]
        waiting = len(view) if raw.values.ndim == 1 and "_looks" not in vars(raw) else 0
        if view.kind(name) != "image" or waiting / _PER_SECOND > max(view.left(), 0):
            continue
        seen = looks(raw)
        for code, where, said, remedy in (
            ("blank_pictures", seen.blank, "show one color only", "look at them, and leave out what shows nothing"),
            ("tiny_pictures", seen.tiny, "have fewer than 8 rows or columns", "bring the pictures themselves"),
            ("moving_pictures", seen.moves & seen.fine, "have several frames", "only the first frame counts"),
        ):
            if not where.any():
                continue
            count = int(where.sum())
            many = count > 0.01 * len(view) and code != "moving_pictures"
            severity: Severity = "warning" if many else "note"
            rows = view.ids(where)
            evidence = {"columns": [name], "count": count, "rows": rows}
            names = [file_of(raw.values[row]) for row in where.nonzero()[0][:5]]
            if any(names):
                evidence["files"] = names
            text = f"{count:,} of {len(view):,} pictures of {name!r} {said}"
            found.append(Finding(code, severity, text, evidence, remedy))
    return found
