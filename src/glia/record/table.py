"""``metrics.csv``: one row each time a run was looked at, for spreadsheets and other programs."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glia.core.store import append, refusing, write_atomic
from glia.record.events import Evaluation, Metric, Start

if TYPE_CHECKING:
    from glia.record.reader import Line

__all__ = ["Table"]

FIXED = ("seconds", "step", "epoch", "loss", "lr", "gradient")


class Table:
    """Rows of measurements, appended as they come; the first decides which columns there are.

    Args:
        path: The file.
        lines: Events so far, of a run that goes on.
    """

    def __init__(self, path: Path, lines: Sequence[Line] = ()) -> None:
        self.path = path
        self._file = -1
        self._names: list[str] | None = None
        rows: list[tuple[float, Metric, Evaluation | None]] = []
        valid: Evaluation | None = None
        for line in lines:
            if isinstance(line.event, Evaluation):
                valid = line.event
            elif isinstance(line.event, Metric):
                rows.append((line.seconds, line.event, valid))
            elif isinstance(line.event, Start) and line.event.step:
                # What was measured after the checkpoint is measured again.
                rows = [row for row in rows if (row[1].trial, row[1].step) <= (line.event.trial, line.event.step)]
        if rows:
            write_atomic(path, "".join(self._row(*row) for row in rows).encode())

    def add(self, seconds: float, metric: Metric, valid: Evaluation | None) -> None:
        """Append a row.

        Args:
            seconds: Since the run began.
            metric: Where training is.
            valid: What validation said last; left out when that was at another step.
        """
        row = self._row(seconds, metric, valid).encode()
        with refusing(self.path, need=len(row)):
            if self._file < 0:
                self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            append(self._file, row)

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _row(self, seconds: float, metric: Metric, valid: Evaluation | None) -> str:
        values = valid.values if valid is not None and valid.step == metric.step else {}
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if self._names is None:
            self._names = list(values)
            writer.writerow([*("trial", *FIXED), *(f"valid_{name}" for name in self._names)])
        fixed: dict[str, Any] = {"seconds": seconds, **metric.data()}
        valid_cells = [_cell(values[name]) if name in values else "" for name in self._names]
        writer.writerow([metric.trial, *(_cell(fixed[name]) for name in FIXED), *valid_cells])
        return text.getvalue()


def _cell(value: Any) -> str:
    """Return a number as text; what is not finite is said, never left out."""
    return "nan" if value is None else str(value)
