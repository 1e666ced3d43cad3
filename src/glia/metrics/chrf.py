"""chrF: shared runs of characters."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked
from glia.metrics._grams import shared
from glia.metrics._safe import ratio

__all__ = ["Chrf"]

_LONGEST = 6
_BETA = 2.0


class Chrf(Additive):
    """The F-score of runs of 1 to 6 characters, recall weighing twice, from 0 to 100; spaces do not count.

    Source: M. Popović, *chrF: character n-gram F-score for automatic MT evaluation*, WMT 2015; sacreBLEU calls it
    ``nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no``.

    Example:
        >>> from glia.core.values import Answer
        >>> answer = Answer(text=np.array(["the cat"], dtype=object))
        >>> Chrf().value(Chrf().stats(answer, np.array(["the cat"], dtype=object))).round(2).tolist()
        [100.0]
    """

    needs = "text"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return runs said, right and both, of each length: (N, 18)."""
        found = []
        for said, right in zip(asked(answer.text, "text").tolist(), truth.reshape(-1).tolist()):
            counts = shared("".join(str(said).split()), "".join(str(right).split()), _LONGEST)
            # Where the truth holds no run of a length, none can be wrong.
            found.append([number for ours, theirs, both in counts for number in (ours * bool(theirs), theirs, both)])
        return np.array(found, np.float64).reshape(-1, 3 * _LONGEST)

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return chrF from 0 to 100."""
        ours, theirs, both = sums[:, 0::3], sums[:, 1::3], sums[:, 2::3]
        counted = (ours > 0) & (theirs > 0)
        precision, recall = (
            ratio(np.where(counted, ratio(both, total), 0.0).sum(1), counted.sum(1)) for total in (ours, theirs)
        )
        factor = _BETA**2
        return 100 * ratio((1 + factor) * precision * recall, factor * precision + recall)
