"""Columns of series that hold what is asked for before it happens."""

from __future__ import annotations

import numpy as np

from glia.core.errors import DataError
from glia.core.raw import RawTable
from glia.table._panel import Panel
from glia.table._series import Roles

__all__ = ["refuse_leaks"]

_ALIKE = 0.99  # of the steps in which two variables agree
_FEWEST = 20  # steps that tell whether they do
_GLANCE = 64  # steps that are looked at first, since most columns agree in none


def refuse_leaks(table: RawTable, panel: Panel, roles: Roles, horizon: int) -> None:
    """Refuse numbers known in advance that equal the answer, and numbers seen that equal what comes up to H later.

    A shift that an earlier value explains as well, as in whatever repeats itself exactly, is no leak.

    Args:
        table: The rows, for messages.
        panel: The series; the longest piece is looked at.
        roles: What each column is.
        horizon: H.

    Raises:
        DataError: There is such a column.
    """
    piece = int(np.diff(panel.start).argmax())
    inside = slice(int(panel.start[piece]), int(panel.start[piece + 1]))
    values, known = panel.values[inside], panel.known[inside]
    for name in roles.asked:
        answer = values[:, roles.values.index(name)]
        for other in np.flatnonzero(_agree(known, answer, 0)).tolist():
            if roles.known[other] != name:
                said = f"it is to be known in advance, and equals {name!r}, which is asked for, in every row"
                remedy = "leave it out of --known and of the table: it tells the answer"
                raise DataError("target_copy", said, remedy=remedy, file=table.origin.path, column=roles.known[other])
        _refuse_early(table, roles, values, name, horizon)


def _refuse_early(table: RawTable, roles: Roles, values: np.ndarray, name: str, horizon: int) -> None:
    answer = values[:, roles.values.index(name)]
    others = [at for at, one in enumerate(roles.values) if one not in (name, *roles.known)]
    if not others:
        return
    for ahead in range(1, min(horizon, len(values) - _FEWEST) + 1):
        early = np.flatnonzero(_agree(values[:, others], answer, ahead))
        early = early[[not _explained(values[:, others[at]], answer, horizon) for at in early.tolist()]]
        if len(early):
            steps = f"{ahead} step{'s' * (ahead > 1)}"
            raise DataError(
                "future_leak",
                f"each value equals that of {name!r}, which is asked for, {steps} later",
                remedy="leave the column out: it tells what is to be forecast",
                file=table.origin.path,
                column=roles.values[others[int(early[0])]],
            )


def _agree(columns: np.ndarray, answer: np.ndarray, ahead: int) -> np.ndarray:
    """Return which columns (T, K) equal the answer (T,) so many steps later, wherever it changes; (K,) bool."""
    later = answer[ahead:]
    now = answer[: len(later)] if ahead else np.concatenate([[np.nan], answer[:-1]])
    steps = np.flatnonzero(~np.isnan(later) & (later != now))
    if len(steps) < _FEWEST or not columns.shape[1]:
        return np.zeros(columns.shape[1], bool)
    alike = np.ones(columns.shape[1], bool)
    for some in (steps[:: max(len(steps) // _GLANCE, 1)], steps):
        alike[alike] = np.isclose(columns[some][:, alike], later[some, None], rtol=1e-9, atol=0).mean(0) >= _ALIKE
        if not alike.any():
            break
    return alike


def _explained(column: np.ndarray, answer: np.ndarray, horizon: int) -> bool:
    """Return whether a column equals an earlier value of the answer as well."""
    for behind in range(min(4 * horizon, len(answer) - _FEWEST)):
        delayed = np.concatenate([np.full(behind, np.nan), answer[: len(answer) - behind]])
        if _agree(column[:, None], delayed, 0)[0]:
            return True
    return False
