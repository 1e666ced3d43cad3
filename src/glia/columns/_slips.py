"""Slips of the pen, to see what answers are worth when cells are not as they were in training."""

from __future__ import annotations

import numpy as np

__all__ = ["swapped"]


def swapped(text: str, generator: np.random.Generator) -> str:
    """Return a text of two letters or more with two neighbors swapped, drawn by chance.

    Example:
        >>> swapped("ab", np.random.default_rng(0))
        'ba'
    """
    at = int(generator.integers(len(text) - 1))
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
