"""Translation word for word."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import numpy as np

from glia.core.values import Answer
from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["Dictionary"]

_WORD = re.compile(r"\w+|[^\w\s]")
_ROUNDS = 6
_ROWS = 30_000
_LONGEST = 40
_FIRST = 4  # codes below are padding and marks


class Dictionary(Yardstick):
    """Each word becomes the word that it most often stands beside in pairs of texts, in the same order.

    The dictionary is learned by six rounds of expectation maximization. Source: P. Brown et al., *The mathematics of
    statistical machine translation*, 1993, model 1, with a word of nothing that words without a counterpart go to.

    Example:
        >>> from glia.core.values import Spec
        >>> labels = ("(padding)", "(unknown)", "(start)", "(end)", "ein", "Hund", "Haus")
        >>> yard = Dictionary("translate", {"token": Spec(("time",), (None,), "int32", classes=(labels,))})
        >>> texts = np.array([[4, 5], [4, 6], [5, 0], [6, 0]])
        >>> yard.fit({"token": texts}, np.array(["a dog", "a house", "dog", "house"], dtype=object))
        >>> yard.answer({"token": np.array([[4, 6]])}).text.tolist()
        ['a house']
    """

    title = "a dictionary, word for word"
    cost = 1
    growth = 0.5
    objectives = frozenset({"translate"})
    reads = frozenset({"token"})

    def how(self) -> str:
        """Return how to get this model without glia."""
        return "IBM model 1, as nltk.translate.IBMModel1 fits it, and the likeliest word for each word"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:  # noqa: ARG002
        """Return the words of each text."""
        labels = (self.specs["token"].classes or ((),))[0]
        # Pieces of words say by a space where a word begins; words are whole already.
        pieces = any(label.startswith(" ") for label in labels[_FIRST:])
        found = []
        for row in np.asarray(inputs["token"]).tolist():
            parts = [labels[code] for code in row if code >= _FIRST and code < len(labels)]
            found.append(_WORD.findall("".join(parts)) if pieces else parts)
        return found

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:  # noqa: ARG002
        """Return the dictionary."""
        return _learned(features, [_WORD.findall(str(text)) for text in target.reshape(-1).tolist()])

    def fit(
        self,
        inputs: Mapping[str, np.ndarray],
        target: np.ndarray,
        weight: Weight = None,
        *,
        seconds: float = inf,
    ) -> None:
        """Learn the dictionary from pairs of texts."""
        few = {"token": inputs["token"][:_ROWS]}
        self._words = self.model(self.features(few), target[:_ROWS], weight, seconds)

    def answer(self, inputs: Mapping[str, np.ndarray]) -> Answer:
        """Return texts, word for word; words that were never seen stay as they are."""
        found = np.empty(len(inputs["token"]), object)
        for row, words in enumerate(self.features(inputs)):
            said = [self._words.get(word, word) for word in words]
            found[row] = re.sub(r" (?=[.,;:!?%)])", "", " ".join(word for word in said if word))
        return Answer(text=found)


def _learned(sources: Sequence[list[str]], targets: Sequence[list[str]]) -> dict[str, str]:
    """Return the likeliest target word of each source word; nothing where it stands for nothing."""
    ours: dict[str, int] = {"": 0}
    theirs: dict[str, int] = {}
    source, target, place = [], [], []
    count = 0
    for words, answers in zip(sources, targets):
        left = [0, *(ours.setdefault(word, len(ours)) for word in words[:_LONGEST])]
        right = [theirs.setdefault(word, len(theirs)) for word in answers[:_LONGEST]]
        source.append(np.tile(left, len(right)))
        target.append(np.repeat(right, len(left)))
        place.append(np.repeat(np.arange(count, count + len(right)), len(left)))
        count += len(right)
    if not theirs:
        return {}
    s, t, at = (np.concatenate(parts).astype(np.int64) for parts in (source, target, place))
    pairs, pair = np.unique(s * len(theirs) + t, return_inverse=True)
    chance = np.full(len(pairs), 1 / len(theirs))
    begins = pairs // len(theirs)
    for _ in range(_ROUNDS):
        share = chance[pair]
        share /= np.bincount(at, share)[at]
        counts = np.bincount(pair, share)
        chance = counts / np.bincount(begins, counts)[begins]
    best = np.lexsort((chance, begins))
    last = best[np.append(np.diff(begins[best]) != 0, True)]
    words, answers = list(ours), list(theirs)
    return {words[int(begins[one])]: answers[int(pairs[one] % len(theirs))] for one in last if begins[one]}
