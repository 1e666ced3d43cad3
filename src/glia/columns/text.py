"""Short free text as a plain bag of words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from glia.columns._cells import cells, word_of
from glia.columns._parse import numeric_share
from glia.columns._slips import swapped
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import Spec

__all__ = ["Text"]

_MOST = 256
_OFTEN = 20  # rows with a word are enough, however many rows there are
# Letters and digits apart: "C85" shares its "c" with "C123", and "17599" stays one word.
_WORD = re.compile(r"[^\W\d_]+|\d+")


class Text(Column):
    """Short free text: which of the 256 words found in most training rows it holds, scaled to length one.

    Example:
        >>> note = Text("note")
        >>> rows = Raw(np.array(["a red car", "a blue car", "red"], dtype=object), np.ones(3, bool))
        >>> note.learn(rows)
        >>> note.words, note.encode(rows)["dense"][2].tolist()
        (('a', 'car', 'red'), [0.0, 0.0, 1.0])
    """

    kind = "text"

    def __init__(self, name: str, role: Literal["input", "target"] = "input") -> None:
        super().__init__(name, role)
        self.words: tuple[str, ...] = ()
        self.gaps = False

    @staticmethod
    def recognize(raw: Raw) -> Guess:
        if raw.values.dtype != object:
            return Guess(0.0, "its values are not text")
        found = cells(raw)
        if numeric_share(found)[0] >= 0.9:
            return Guess(0.1, "its values are numbers")
        return Guess(0.6, f"{len(found.words)} of {found.here} values are different texts")

    def learn(self, raw: Raw) -> None:
        found = cells(raw)
        self.gaps = bool((found.codes < 0).any())
        rows: Counter[str] = Counter()
        for text, count in zip(found.words, found.counts.tolist()):
            for word in set(_words(text)):
                rows[word] += count
        # A word of one row in a hundred, or of one row in all, cannot be learned from.
        least = max(2, min(_OFTEN, found.here // 100))
        often = sorted((-count, word) for word, count in rows.items() if count >= least)
        self.words = tuple(sorted(word for _, word in often[:_MOST]))

    def specs(self) -> dict[str, Spec]:
        names = [f"{self.name}: {word}" for word in self.words] + [f"{self.name} is missing"] * self.gaps
        return {"dense": Spec(("feature",), (len(names),), names=tuple(names))} if names else {}

    def encode(self, raw: Raw) -> dict[str, np.ndarray]:
        if not self.words and not self.gaps:
            return {}
        found = cells(raw)
        bags = found.spread(self._bags(found.words), 0)
        if self.gaps:
            bags = np.concatenate([bags, (found.codes < 0).astype(np.float32)[:, None]], axis=1)
        return {"dense": bags}

    def state(self) -> dict[str, Any]:
        return {"words": list(self.words), "gaps": self.gaps}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.words, self.gaps = tuple(state["words"]), state["gaps"]

    def summarize(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return how many rows hold each word, and the share of rows with no text."""
        found = cells(raw)
        holds = (self._bags(found.words) > 0).astype(np.float64)
        gone = (found.codes < 0).mean() if len(raw) else 0.0
        return {
            "rows": (found.counts.astype(np.float64) @ holds).astype(np.int64),
            "missing": np.array([gone], np.float32),
        }

    def corrupt(self, raw: Raw, strength: float, generator: np.random.Generator) -> Raw:
        """Return texts with two neighboring letters swapped."""
        values = raw.values.astype(object)
        for row in np.flatnonzero((generator.random(len(raw)) < strength) & raw.present):
            text = word_of(values[row])
            if len(text) > 1:
                values[row] = swapped(text, generator)
        return Raw(values, raw.present)

    def _bags(self, texts: list[str]) -> np.ndarray:
        """Return (texts, words) float32 counts scaled to length one."""
        index = {word: at for at, word in enumerate(self.words)}
        pairs = [(row, index[word]) for row, text in enumerate(texts) for word in _words(text) if word in index]
        bags = np.zeros((len(texts), len(self.words)), np.float32)
        if pairs:
            np.add.at(bags, tuple(np.array(pairs).T), 1)
            bags /= np.maximum(np.linalg.norm(bags, axis=1, keepdims=True), 1e-12)
        return bags


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
