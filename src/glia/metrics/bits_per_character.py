"""Bits per character."""

from __future__ import annotations

import numpy as np

from glia.metrics._language import Surprise

__all__ = ["BitsPerCharacter"]


class BitsPerCharacter(Surprise):
    """The bits that a text costs, told by this model, over its characters, whatever a code is.

    Example:
        >>> from glia.core.values import Answer
        >>> answer = Answer(score=np.array([2 * np.log(4.0)]))  # two codes of two bits, four characters
        >>> BitsPerCharacter().value(BitsPerCharacter().stats(answer, np.array([[2.0, 4.0]]))).round(6).tolist()
        [1.0]
    """

    counted = 1

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return bits per character."""
        return self.mean(sums) / np.log(2)
