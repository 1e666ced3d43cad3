"""Whether a column is a copy of an answer, shared by the checks for full and for near copies."""

from __future__ import annotations

import numpy as np

from glia.table.checks._view import View

__all__ = ["copied"]


def copied(view: View, name: str, answer: np.ndarray) -> str:
    """Return how a column copies an answer, completing "the column ... the target"; empty when it does not.

    Args:
        view: The table under audit.
        name: An input column.
        answer: (N,) one target.
    """
    if len(view) < 2 or (answer == answer[0]).all():
        return ""
    if view.objective == "regress":
        values = view.numbers(name)
        # Answers may have come through float32, which keeps seven figures.
        if values is not None and np.allclose(values, answer, rtol=1e-6, atol=1e-6 * float(np.std(answer))):
            return "equals"
    column, distinct = view.factors(name)
    _, codes = np.unique(answer, return_inverse=True)
    k = int(codes.max()) + 1
    if len(distinct) + int((column < 0).any()) != k:
        return ""
    if k > len(view) / 2:
        return ""  # almost all distinct, and so in one-to-one relation to any other such column
    # As many pairs as there are values on either side: each value goes with exactly one of the other.
    return "is one-to-one with" if len(np.unique((column + 1) * k + codes)) == k else ""
