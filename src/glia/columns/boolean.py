"""Yes or no, however it is spelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from glia.columns._cells import Cells, cells
from glia.columns._codes import coded, decoded, specs_of, tally
from glia.columns._refuse import unreadable
from glia.core.finding import Finding
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import Spec

__all__ = ["Boolean"]

_PAIRS = (("false", "true"), ("no", "yes"), ("f", "t"), ("n", "y"), ("off", "on"))
_TRUTH = {word: truth for pair in (*_PAIRS, ("0", "1")) for truth, word in enumerate(pair)}


class Boolean(Column):
    """True or false, yes or no, in any case of letters; 0 and 1 where the source says that they are truths.

    Example:
        >>> churn = Boolean("churn", "target")
        >>> churn.learn(Raw(np.array(["Yes", "No"], dtype=object), np.ones(2, bool)))
        >>> codes = churn.encode(Raw(np.array(["no", "YES"], dtype=object), np.ones(2, bool)))["target"]
        >>> codes[:, 0].tolist(), churn.decode(codes)[:, 0].tolist()
        ([0, 1], ['No', 'Yes'])
    """

    kind = "boolean"
    askable = True

    def __init__(self, name: str, role: Literal["input", "target"] = "input") -> None:
        super().__init__(name, role)
        self.classes = ("false", "true")
        self.dtype = "O"

    @staticmethod
    def recognize(raw: Raw) -> Guess:
        if raw.values.dtype == bool:
            return Guess(0.95, "its values are true or false")
        if raw.values.dtype != object:
            return Guess(0.0, "its values are not true or false")
        words = sorted({word.lower() for word in cells(raw).words[:9]})
        if tuple(words) in _PAIRS:
            return Guess(0.95, f"its values are {words[0]!r} or {words[1]!r}")
        return Guess(0.0, "its values are not true or false")

    def learn(self, raw: Raw) -> None:
        found = self._cells(raw)
        self.dtype = raw.values.dtype.kind
        order = np.argsort(-found.counts, kind="stable")
        spelled: dict[int, str] = {}
        for word in (found.words[at] for at in order):
            if word.lower() in _TRUTH:
                spelled.setdefault(_TRUTH[word.lower()], word)
        for truth, word in list(spelled.items()):
            # Training rows that hold one answer only still say how the other would be spelled.
            pair = next(pair for pair in (*_PAIRS, ("0", "1")) if pair[truth] == word.lower())
            spelled.setdefault(1 - truth, _like(word, pair[1 - truth]))
        self.classes = (spelled.get(0, "false"), spelled.get(1, "true"))

    def specs(self) -> dict[str, Spec]:
        return specs_of(self.name, self.role, self.classes)

    def encode(self, raw: Raw) -> dict[str, np.ndarray]:
        found = self._cells(raw)
        return coded(self.name, self.role, found, self._index(found), self.classes)

    def decode(self, values: np.ndarray) -> np.ndarray:
        return decoded(values, self.classes, self.dtype)

    def review(self, raw: Raw) -> list[Finding]:
        """Return what is neither true nor false."""
        found = self._cells(raw)
        wrong = found.spread(self._index(found), 0) < 0
        return unreadable(self.name, f"{self.classes[0]!r} or {self.classes[1]!r}", wrong, raw, "they count as unknown")

    def state(self) -> dict[str, Any]:
        return {"classes": list(self.classes), "dtype": self.dtype}

    def restore(self, state: Mapping[str, Any]) -> None:
        false, true = state["classes"]
        self.classes, self.dtype = (false, true), state["dtype"]

    def summarize(self, raw: Raw) -> dict[str, np.ndarray]:
        found = self._cells(raw)
        return tally(found, self._index(found), self.classes)

    def _cells(self, raw: Raw) -> Cells:
        return cells(raw, strict=self.role == "target")

    @staticmethod
    def _index(found: Cells) -> np.ndarray:
        return np.array([_TRUTH.get(word.lower(), -1) for word in found.words], np.int64)


def _like(pattern: str, word: str) -> str:
    """Return a word in upper, title or lower case as another is."""
    if pattern.isupper() and len(pattern) > 1:
        return word.upper()
    return word.capitalize() if pattern[0].isupper() else word
