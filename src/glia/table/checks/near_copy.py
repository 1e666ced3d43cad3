"""An input that alone gives the target away: often written down after the answer was known."""

from __future__ import annotations

import numpy as np

from glia.core.finding import Finding
from glia.core.values import derived
from glia.table.checks._copied import copied
from glia.table.checks._view import View

__all__ = ["check"]

_GIVEN_AWAY = 0.99
_ROWS, _FEWEST = 4_000, 40


def check(view: View) -> list[Finding]:
    """Find inputs from which half of the rows predicts the other half with a score of 0.99 or more.

    The score is the share of a constant guess's error (wrong labels, or squared error) that one column takes
    away; each row is answered by its nearest neighbors in that column alone.
    """
    n = len(view)
    if n < _FEWEST:
        return []
    generator = np.random.default_rng(derived(view.seed, "near_copy"))
    rows = generator.permutation(n)[:_ROWS]
    known, asked = rows[::2], rows[1::2]
    found = []
    for name in view.inputs:
        if view.left() < 0.1 * view.seconds:
            break
        column = _column(view, name)
        if column is None:
            continue
        for target, answer in zip(view.targets, view.answers.T):
            score = _score(column[known], answer[known], column[asked], answer[asked], view.objective == "regress")
            if score >= _GIVEN_AWAY and not copied(view, name, answer):
                found.append(_finding(name, target, score, len(asked)))
    return found


def _column(view: View, name: str) -> np.ndarray | None:
    """Return a column as ordered numbers; of a date, near its neighbors anyway, only whether it is there."""
    kind = view.kind(name)
    if kind in ("id", "constant"):
        return None
    codes, distinct = view.factors(name)
    if kind == "date":
        return (codes < 0).astype(np.float64)
    values = view.numbers(name) if kind == "number" else None
    if values is None:
        # Far apart, so that a code never seen is nobody's neighbor by chance more than by right.
        return codes.astype(np.float64) if len(distinct) <= len(codes) / 5 else None
    steps = np.diff(values)
    if (steps > 0).all() or (steps < 0).all():
        return None  # it only counts rows, and neighbors in a sorted table are alike
    low, high = np.nanmin(values), np.nanmax(values)
    if not np.isfinite(high - low):
        values = np.argsort(np.argsort(values)).astype(np.float64)
        low, high = 0.0, float(len(values))
    return np.where(np.isnan(values), low - (high - low) - 1.0, values)


def _score(x: np.ndarray, y: np.ndarray, x_asked: np.ndarray, y_asked: np.ndarray, numeric: bool) -> float:
    distinct, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    if len(distinct) < 2:
        return 0.0
    if numeric:
        center, spread = float(np.mean(y)), float(np.std(y)) or 1.0
        y, y_asked = (y - center) / spread, (y_asked - center) / spread
        guess = np.interp(x_asked, distinct, np.bincount(place, y) / counts)
        base = float(np.mean(y_asked**2))
        return 1.0 - float(np.mean((guess - y_asked) ** 2)) / base if base > 0 else 0.0
    _, codes = np.unique(np.concatenate([y, y_asked]), return_inverse=True)
    y, y_asked = codes[: len(y)], codes[len(y) :]
    middle = (distinct[1:] + distinct[:-1]) / 2
    guess = _majority(place, y, len(distinct))[np.searchsorted(middle, x_asked)]
    base = float(np.mean(y_asked != np.argmax(np.bincount(y))))
    # Of too few exceptions to the majority nothing can be concluded.
    return 1.0 - float(np.mean(guess != y_asked)) / base if base * len(y_asked) >= 5 else 0.0


def _majority(place: np.ndarray, y: np.ndarray, size: int) -> np.ndarray:
    """Return the most frequent code at each place."""
    k = int(y.max()) + 1
    cells, counts = np.unique(place * k + y, return_counts=True)
    order = np.argsort(counts, kind="stable")  # the most frequent is written last and wins
    best = np.zeros(size, np.int64)
    best[cells[order] // k] = cells[order] % k
    return best


def _finding(name: str, target: str, score: float, rows: int) -> Finding:
    text = f"column {name!r} alone predicts {target!r} almost perfectly (normalised score {score:.4f})"
    evidence = {"columns": [name], "target": target, "score": round(score, 5), "rows_tested": rows}
    remedy = f"make sure that {name!r} is known before the answer is; if not, leave it out"
    return Finding("near_copy", "warning", text, evidence, remedy)
