"""BLEU over lower-case words, as tutorials print it."""

from __future__ import annotations

import re

from glia.metrics._bleu import Overlap

__all__ = ["BleuWords"]

_WORD = re.compile(r"\w+|[^\w\s]")


class BleuWords(Overlap):
    """Corpus BLEU from 0 to 100 over lower-case words and signs, not smoothed; points above :class:`Bleu` at times.

    This is how torchtext's ``bleu_score`` counts texts that were parted and made small before, as in the well-known
    tutorials on Multi30k; numbers are comparable with theirs and not with sacreBLEU's.

    Example:
        >>> import numpy as np
        >>> from glia.core.values import Answer
        >>> truth = np.array(["A man sleeps in a green room."], dtype=object)
        >>> answer = Answer(text=np.array(["a man sleeps in the green room ."], dtype=object))
        >>> BleuWords().value(BleuWords().stats(answer, truth)).round(2).tolist()
        [50.0]
    """

    smooth = False

    @staticmethod
    def words(text: str) -> list[str]:
        """Return lower-case words and single signs."""
        return _WORD.findall(text.lower())
