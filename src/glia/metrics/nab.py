"""The score of the Numenta Anomaly Benchmark."""

from __future__ import annotations

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive, asked
from glia.metrics._nab import contributions, swept
from glia.metrics._safe import ratio

__all__ = ["Nab"]


class Nab(Additive):
    """What early alarms inside labeled windows are worth less what false ones cost, at the best threshold, up to 100.

    0 is never raising an alarm, 100 is raising one at the beginning of every window and no other. The threshold is
    chosen on the rows themselves, as the benchmark does over its corpus; so the number says how well scores can be
    used, and not how well somebody chose. Rows are in the order of time; truth is 1 inside windows. Source: A. Lavin,
    S. Ahmad, *Evaluating real-time anomaly detection algorithms*, 2015, standard profile.

    Example:
        >>> truth = np.array([0] * 9 + [1] * 5 + [0] * 9)
        >>> score = np.zeros(23)
        >>> score[9] = 1.0
        >>> Nab().value(Nab().stats(Answer(score=score), truth)).round(6).tolist()
        [100.0]
    """

    needs = "score"

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return what each row is worth, and whether a window begins there: (N, 2)."""
        score, inside = asked(answer.score, "score").reshape(-1), np.asarray(truth).reshape(-1) > 0
        worth, windows = contributions(score, inside, swept([(score, inside)])[1])
        return np.column_stack([worth, windows])

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the score between never raising an alarm and doing so perfectly."""
        return 50 * ratio(sums[:, 0] + sums[:, 1], sums[:, 1], np.nan)
