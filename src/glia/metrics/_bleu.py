"""What both kinds of BLEU share."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked
from glia.metrics._grams import geometric, shared

__all__ = ["Overlap"]

_LONGEST = 4


class Overlap(Additive):
    """The geometric mean of precisions of runs of 1 to 4 words, times a penalty on texts that are too short.

    Source: K. Papineni et al., *BLEU: a method for automatic evaluation of machine translation*, ACL 2002.
    """

    needs = "text"
    smooth: ClassVar[bool]

    @staticmethod
    @abstractmethod
    def words(text: str) -> list[str]:
        """Return the words of a text."""

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return lengths, runs said and runs right of each row: (N, 10)."""
        found = []
        for said, right in zip(asked(answer.text, "text").tolist(), truth.reshape(-1).tolist()):
            ours, theirs = self.words(str(said)), self.words(str(right))
            counts = shared(ours, theirs, _LONGEST)
            found.append([len(ours), len(theirs), *(one[0] for one in counts), *(one[2] for one in counts)])
        return np.array(found, np.float64).reshape(-1, 2 + 2 * _LONGEST)

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return BLEU from 0 to 100."""
        ours, theirs = sums[:, 0], sums[:, 1]
        said, both = sums[:, 2 : 2 + _LONGEST], sums[:, 2 + _LONGEST :]
        short = np.exp(np.minimum(1 - theirs / np.maximum(ours, 1e-12), 0))
        return np.asarray(100 * short * geometric(both, said, smooth=self.smooth))
