"""Categories: labels become codes, rare and unseen ones share a code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from glia.columns._cells import Cells, cells, word_of
from glia.columns._codes import coded, decoded, specs_of, tally
from glia.columns._parse import are_codes, numeric_share, to_numbers
from glia.core.finding import Finding
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import Spec

__all__ = ["Category"]

_MOST = 1000  # classes; the others are rare beside them and share "(unknown)"
_RARE = 8


class Category(Column):
    """A label out of some: classes come from training rows, in numeric order where all are numbers.

    As an input, classes too rare to learn from share the code of unseen ones, so that this code is trained.
    As a target, every class counts and an unseen label is refused.

    Example:
        >>> port = Category("port")
        >>> port.learn(Raw(np.array(["S", "C", "S", "C"], dtype=object), np.ones(4, bool)))
        >>> rows = Raw(np.array(["C", "Q", "", "S"], dtype=object), np.ones(4, bool))
        >>> port.encode(rows)["category"][:, 0].tolist(), port.specs()["category"].classes
        ([2, 1, 0, 3], (('(missing)', '(unknown)', 'C', 'S'),))
    """

    kind = "category"
    askable = True

    def __init__(self, name: str, role: Literal["input", "target"] = "input") -> None:
        super().__init__(name, role)
        self.classes: tuple[str, ...] = ()
        self.dtype = "O"

    @staticmethod
    def recognize(raw: Raw) -> Guess:
        if raw.values.dtype != object:
            return Guess(0.1, "its values are not text")
        found = cells(raw)
        here, count = found.here, len(found.words)
        said = f"{here} values are {count} different texts"
        if are_codes(found.words):
            return Guess(0.8, f"{said}, and leading zeros say that the digits are codes")
        if numeric_share(found)[0] >= 0.9:
            return Guess(0.1, "its values are numbers")
        if count > 0.5 * here:
            return Guess(0.3, f"{said}, too few of each kind to learn from")
        spaces = sum(word.count(" ") for word in found.words) / max(count, 1)
        if (count > 50 and spaces >= 7) or (count > _MOST and spaces >= 0.5):
            return Guess(0.3, f"{said} of {spaces + 1:.0f} words each")
        return Guess(0.8, said)

    def learn(self, raw: Raw) -> None:
        found = self._cells(raw)
        self.dtype = raw.values.dtype.kind
        counts = found.counts
        least = 1 if self.role == "target" else min(_RARE, max(2, found.here // 1000))
        kept = [(-count, word) for count, word in zip(counts.tolist(), found.words) if count >= least]
        if self.role == "input":
            kept = sorted(kept)[:_MOST]
        self.classes = tuple(_in_order([word for _, word in kept]))

    def specs(self) -> dict[str, Spec]:
        return specs_of(self.name, self.role, self.classes)

    def encode(self, raw: Raw) -> dict[str, np.ndarray]:
        found = self._cells(raw)
        return coded(self.name, self.role, found, self._index(found), self.classes)

    def decode(self, values: np.ndarray) -> np.ndarray:
        return decoded(values, self.classes, self.dtype)

    def review(self, raw: Raw) -> list[Finding]:
        """Return which values share the code of unknown ones."""
        found = self._cells(raw)
        unseen = found.spread(self._index(found), 0) < 0
        if not unseen.any():
            return []
        row, count = int(unseen.argmax()), int(unseen.sum())
        word = word_of(raw.values[row]).strip()
        return [
            Finding(
                "unseen_category",
                "note",
                f"{count} of {len(raw)} values of {self.name!r} are new or were very rare, such as {word!r}",
                {"column": self.name, "row": row, "count": count, "value": word},
                "they count as unknown",
            )
        ]

    def state(self) -> dict[str, Any]:
        return {"classes": list(self.classes), "dtype": self.dtype}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.classes, self.dtype = tuple(state["classes"]), state["dtype"]

    def summarize(self, raw: Raw) -> dict[str, np.ndarray]:
        found = self._cells(raw)
        return tally(found, self._index(found), self.classes)

    def _cells(self, raw: Raw) -> Cells:
        return cells(raw, strict=self.role == "target")

    def _index(self, found: Cells) -> np.ndarray:
        """Return the class of each word; where all classes are numbers, "1.0" is the class "1"."""
        index = {word: code for code, word in enumerate(self.classes)}
        codes = [index.get(word, -1) for word in found.words]
        if -1 in codes:
            known = {value: code for code, value in enumerate(to_numbers(list(self.classes)).tolist())}
            if all(value == value for value in known):
                values = to_numbers(found.words).tolist()
                codes = [known.get(value, -1) if code < 0 else code for code, value in zip(codes, values)]
        return np.array(codes, np.int64)


def _in_order(words: list[str]) -> list[str]:
    values = to_numbers(words)
    if np.isnan(values).any():
        return sorted(words)
    return [word for _, word in sorted(zip(values.tolist(), words))]
