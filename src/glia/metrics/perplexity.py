"""Perplexity."""

from __future__ import annotations

import numpy as np

from glia.metrics._language import Surprise

__all__ = ["Perplexity"]


class Perplexity(Surprise):
    """The exponential of the mean surprise of a code: how many codes it hesitates between.

    It depends on what a code is; bits per character do not.

    Example:
        >>> from glia.core.values import Answer
        >>> answer = Answer(score=np.array([2 * np.log(4.0)]))  # two codes, four of them likely each time
        >>> Perplexity().value(Perplexity().stats(answer, np.array([[2.0, 6.0]]))).round(6).tolist()
        [4.0]
    """

    counted = 0

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the exponential of nats per code."""
        return np.asarray(np.exp(np.minimum(self.mean(sums), 700)))
