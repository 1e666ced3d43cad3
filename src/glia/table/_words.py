"""Labels of words, and the column of texts that is translated or whose words are labeled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glia.columns._cells import cells
from glia.columns._parse import numeric_share
from glia.columns.date import Date
from glia.core.errors import UsageError
from glia.core.raw import Raw, RawTable
from glia.table.answers import FEW, here, holds_text

__all__ = ["labels_words", "text_for"]

_MOST_LABELS = 200


def labels_words(raw: RawTable, name: str) -> bool:
    """Return whether a column holds a label for each word of another one: few labels, and as many as words, always."""
    if not holds_text(raw[name]) or len(cells(raw[name], strict=True).words) <= FEW:
        return False
    rows, labels = _labels(raw[name])
    if len({len(some) for some in labels}) < 3 or len({one for some in labels for one in some}) > _MOST_LABELS:
        return False
    return any(_agreement(raw[text].take(rows), labels) == 1.0 for text in _texts(raw, name))


def text_for(raw: RawTable, target: str, task: str) -> str:
    """Return the column whose text is translated or labeled: the longest, or the one with a word for each label.

    Raises:
        UsageError: There is none.
    """
    names = _texts(raw, target)
    if not names:
        raise UsageError(
            "no_text",
            f"{raw.origin.name} has no column of texts beside {target!r}, so there is nothing to {task}",
            remedy="bring the texts in a column of their own",
        )
    if task == "translate" or len(names) == 1:
        return names[0]
    rows, labels = _labels(raw[target])
    return max(names, key=lambda name: _agreement(raw[name].take(rows), labels))


def _labels(raw: Raw) -> tuple[np.ndarray, list[list[str]]]:
    """Return the rows that have labels, and those."""
    rows = np.flatnonzero(here(raw))
    return rows, [str(text).split() for text in raw.values[rows].tolist()]


def _agreement(text: Raw, labels: Sequence[list[str]]) -> float:
    """Return in which share of the rows a text has as many words as there are labels."""
    return float(np.mean([len(str(one).split()) == len(some) for one, some in zip(text.values.tolist(), labels)]))


def _texts(raw: RawTable, target: str) -> list[str]:
    """Return the columns of texts beside a target, those of the longest texts in front."""
    found = {}
    for name in raw:
        if name == target or raw[name].values.dtype != object or raw[name].media or not holds_text(raw[name]):
            continue
        words = cells(raw[name])
        if words.words and numeric_share(words)[0] < 0.9 and Date.recognize(raw[name]).confidence <= 0.5:
            found[name] = float(np.median([len(word) for word in words.words]))
    return sorted(found, key=lambda name: -found[name])
