"""Balanced accuracy."""

from __future__ import annotations

import numpy as np

from glia.metrics._additive import LabelCounts
from glia.metrics._safe import mean_where, ratio

__all__ = ["BalancedAccuracy"]


class BalancedAccuracy(LabelCounts):
    """The mean over classes of the share of their rows that is found; a constant answer gets 1 / classes.

    For independent labels: the mean over labels of the recall, as scikit-learn's macro recall.

    Example:
        >>> from glia.core.values import Answer
        >>> answer = Answer(label=np.array([0, 0, 0, 0]))
        >>> BalancedAccuracy().value(BalancedAccuracy().stats(answer, np.array([0, 0, 0, 1]))).tolist()
        [0.5]
    """

    symmetric = True

    def of_counts(self, right: np.ndarray, said: np.ndarray, true: np.ndarray) -> np.ndarray:  # noqa: ARG002
        """Return the mean recall over the classes that occur in truth."""
        return mean_where(ratio(right, true), true > 0)
