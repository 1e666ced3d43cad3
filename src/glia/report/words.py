"""How numbers, names and lists are said in a report and a card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glia.core.finding import shown
from glia.report.scale import finite

__all__ = ["best_is", "count", "duration", "interval", "number", "sentence", "spoken"]


def number(value: object) -> str:
    """Return a number as a reader can use it.

    Example:
        >>> number(0.91234), number(None), number(True), number("cpu")
        ('0.912', 'not measured', 'yes', 'cpu')
    """
    if value is None:
        return "not measured"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**15 else f"{value:.3e}" if abs(value) < 10**300 else "huge"
    return shown(value) if isinstance(value, float) else str(value)


def interval(score: object) -> str:
    """Return the ends of a score's interval, or nothing."""
    ends = finite([score.get("low"), score.get("high")]) if isinstance(score, Mapping) else []
    return f"{shown(ends[0])} to {shown(ends[1])}" if len(ends) == 2 else ""


def spoken(name: object) -> str:
    """Return a name of a program as words.

    Example:
        >>> spoken("hist_gradient_boosting"), spoken("roc_auc")
        ('hist gradient boosting', 'ROC AUC')
    """
    words = {
        "roc_auc": "ROC AUC",
        "r2": "R²",
        "mae": "MAE",
        "rmse": "RMSE",
        "f1": "F1",
        "brier": "Brier score",
    }
    return words.get(str(name), str(name).replace("_", " "))


def best_is(metric: str) -> str:
    """Return "higher" or "lower", whichever is better."""
    from glia.metrics import metrics

    return "lower" if metric in metrics.names() and not metrics.get(metric).higher else "higher"


def duration(seconds: object) -> str:
    """Return seconds as people say them.

    Example:
        >>> duration(0.4), duration(61.2), duration(4000)
        ('0.4 s', '1 min 1 s', '1 h 6 min')
    """
    for value in finite([seconds]):
        if value < 60:
            return f"{value:.1f} s"
        whole = int(value)
        return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
    return "not measured"


def sentence(text: object) -> str:
    """Return text as a sentence.

    Example:
        >>> sentence("the network wins")
        'The network wins.'
    """
    said = str(text or "").strip()
    return said and said[0].upper() + said[1:] + ("" if said.endswith((".", "!", "?")) else ".")


def count(document: Mapping[str, Any], *path: str) -> int | None:
    """Return a whole number somewhere inside a document."""
    value: Any = document
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
