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
    column, distinct = view.factors(name)
    _, codes = np.unique(answer, return_inverse=True)
    k = int(codes.max(initial=0)) + 1
    if k < 2 or len(distinct) + int((column < 0).any()) != k:
        return ""
    if view.objective == "regress":
        values = view.numbers(name)
        if values is not None and np.allclose(values, answer, rtol=1e-9, atol=0):
            return "equals"
    if k > len(view) / 2:
        return ""  # almost all distinct, and so in one-to-one relation to any other such column
    # As many pairs as there are values on either side: each value goes with exactly one of the other.
    return "is one-to-one with" if len(np.unique((column + 1) * k + codes)) == k else ""
