"""The most frequent label of each word."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np

from glia.core.values import Answer
from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["UsualTag"]


class UsualTag(Yardstick):
    """Each word gets the label it had most often, whatever stands around it; a word never seen the one most words had.

    Of parts of speech this is right for nine words in ten (Charniak et al. 1993, *Equations for part-of-speech
    tagging*), which is what a network that looks around must beat.

    Example:
        >>> yard = UsualTag("tag", {})
        >>> truth = np.array(["D N", "D V", "D N"], dtype=object)
        >>> yard.fit({"token": np.array([[4, 5], [4, 6], [4, 5]])}, truth)
        >>> yard.answer({"token": np.array([[4, 6, 0], [4, 5, 9]])}).text.tolist()
        ['D V', 'D N D']
    """

    title = "the usual tag of each word"
    cost = 0
    growth = 1.0
    objectives = frozenset({"tag"})
    reads = frozenset({"token"})

    def how(self) -> str:
        """Return how to get this model without glia."""
        return "count how often each word has each label; nltk.UnigramTagger does it"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:  # noqa: ARG002
        """Return the codes of each text's words."""
        return [[code for code in row if code] for row in np.asarray(inputs["token"]).tolist()]

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:  # noqa: ARG002
        """Return the usual label of each code, and that of all words under code 0."""
        counts: dict[int, Counter[str]] = defaultdict(Counter)
        for codes, text in zip(features, target.reshape(-1).tolist()):
            for code, label in zip(codes, str(text).split()):
                counts[code][label] += 1
                counts[0][label] += 1
        return {code: max(sorted(found), key=found.__getitem__) for code, found in counts.items()}

    def fit(
        self,
        inputs: Mapping[str, np.ndarray],
        target: np.ndarray,
        weight: Weight = None,
        *,
        seconds: float = inf,
    ) -> None:
        """Count labels."""
        self._usual = self.model(self.features(inputs), target, weight, seconds)

    def answer(self, inputs: Mapping[str, np.ndarray]) -> Answer:
        """Return labels with spaces between."""
        rest = self._usual.get(0, "")
        said = [" ".join(self._usual.get(code, rest) for code in codes) for codes in self.features(inputs)]
        return Answer(text=np.array(said, dtype=object))
