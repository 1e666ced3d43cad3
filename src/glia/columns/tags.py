"""A label for each word of a text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from glia.columns._cells import word_of
from glia.columns._refuse import RowError, missing_target, unseen_label
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import Spec

__all__ = ["Tags"]

_LENGTHS = 64


class Tags(Column):
    """Labels of words: as many in a cell as the text has words, with spaces between or as a JSON list.

    Code 0 stands for no word; labels follow in the order of the alphabet.

    Args:
        name: The column's name in the table.
        role: ``"target"``; as an input it is never recognized, for it would tell what is asked.

    Attributes:
        about: The column of the text whose words are labeled.

    Example:
        >>> tags = Tags("tags", "target")
        >>> rows = Raw(np.array(["O B-PER", '["O"]'], dtype=object), np.ones(2, bool))
        >>> tags.learn(rows)
        >>> tags.encode(rows)["target"].tolist(), tags.decode(np.array([[1, 2, 0]])).tolist()
        ([[2, 1], [2, 0]], ['B-PER O'])
    """

    kind = "tags"
    askable = True

    def __init__(self, name: str, role: Literal["input", "target"] = "target") -> None:
        super().__init__(name, role)
        self.about = ""
        self.classes: tuple[str, ...] = ()

    @staticmethod
    def recognize(raw: Raw) -> Guess:  # noqa: ARG004 - nothing but the question makes labels of words
        return Guess(0.0, "labels of words are read only where they are asked for")

    def learn(self, raw: Raw) -> None:
        rows = self._read(raw)
        self.classes = tuple(sorted({label for labels in rows for label in labels}))
        self.reason = f"{len(self.classes)} labels, one for each word of {self.about!r} as spaces part them"

    def compare(self, raw: Raw, table: Mapping[str, Raw]) -> None:
        """Refuse rows that have more labels than words, or fewer.

        Raises:
            RowError: A row whose numbers differ.
        """
        text = table.get(self.about)
        if text is None:
            return
        rows = np.flatnonzero(raw.present)
        for row, labels in zip(rows.tolist(), self._read(raw.take(rows), rows)):
            words = word_of(text.values[row]).split() if text.present[row] else []
            if labels and len(words) != len(labels):
                one, other = (
                    f"{n} {what}{'s' * (n != 1)}" for n, what in ((len(labels), "label"), (len(words), "word"))
                )
                raise RowError(
                    "tags_mismatch",
                    f"{one} for {other} of {self.about!r}, as spaces part them",
                    remedy="give each word one label, or leave such rows out",
                    column=self.name,
                    row=row,
                )

    def specs(self) -> dict[str, Spec]:
        return {"target": Spec(("time",), (None,), "int32", (self.name,), (("(padding)", *self.classes),))}

    def encode(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return (N, L) int32 codes, 0 behind the last word.

        Raises:
            RowError: Labels that are missing, cannot be read, or were never seen in training.
        """
        rows = self._read(raw)
        index = {label: code for code, label in enumerate(self.classes, 1)}
        codes = np.zeros((len(rows), max([1, *map(len, rows)])), np.int32)
        for at, labels in enumerate(rows):
            for place, label in enumerate(labels):
                if label not in index:
                    raise unseen_label(self.name, label, self.classes, at)
                codes[at, place] = index[label]
        return {"target": codes}

    def decode(self, values: np.ndarray) -> np.ndarray:
        """Return (N, L) codes as (N,) texts, the labels with spaces between."""
        labels = ("", *self.classes)
        texts = np.empty(len(values), object)
        for row, codes in enumerate(np.asarray(values, np.int64).tolist()):
            texts[row] = " ".join(labels[code] for code in codes if code)
        return texts

    def state(self) -> dict[str, Any]:
        return {"about": self.about, "classes": list(self.classes)}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.about, self.classes = state["about"], tuple(state["classes"])

    def summarize(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return how often each label occurs, and how many rows have how many labels."""
        rows = self._read(raw.take(np.flatnonzero(raw.present)))
        counts = Counter(label for labels in rows for label in labels)
        lengths = np.bincount([min(len(labels), _LENGTHS - 1) for labels in rows], minlength=_LENGTHS)
        return {
            "classes": np.array([counts[label] for label in self.classes], np.int64),
            "lengths": lengths.astype(np.int64),
        }

    def _read(self, raw: Raw, rows: np.ndarray | None = None) -> list[list[str]]:
        missing_target(self.name, ~raw.present)
        found = []
        for at, value in enumerate(raw.values.tolist()):
            try:
                found.append(_labels(value))
            except ValueError as error:
                remedy = "write labels without spaces inside, with spaces between, or as a JSON list"
                row = at if rows is None else int(rows[at])
                raise RowError("bad_tags", str(error), remedy=remedy, column=self.name, row=row) from None
        return found


def _labels(value: Any) -> list[str]:
    """Return the labels in a cell; a :class:`ValueError` says what is wrong with them."""
    text = word_of(value).strip()
    if not text.startswith("["):
        return text.split()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text.split()  # a label may begin with a bracket
    labels = [word_of(one) for one in found]
    for label in labels:
        if len(label.split()) != 1 or label != label.strip():
            raise ValueError(f"the label {label[:60]!r} is empty or holds a space")
    return labels
