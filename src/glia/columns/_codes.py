"""What categories and booleans share: codes, refusals of unseen labels, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from glia.columns._cells import Cells
from glia.columns._refuse import missing_target, unseen_label
from glia.core.values import Spec

__all__ = ["MISSING", "UNKNOWN", "coded", "decoded", "specs_of", "tally"]

MISSING, UNKNOWN = "(missing)", "(unknown)"
_RESERVED = 2


def specs_of(name: str, role: Literal["input", "target"], classes: Sequence[str]) -> dict[str, Spec]:
    """Return the spec of one feature of codes."""
    if role == "target":
        return {"target": Spec(("feature",), (1,), "int64", (name,), (tuple(classes),))}
    return {"category": Spec(("feature",), (1,), "int64", (name,), ((MISSING, UNKNOWN, *classes),))}


def coded(
    name: str, role: Literal["input", "target"], found: Cells, index: np.ndarray, classes: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return rows as codes.

    Args:
        name: The column.
        role: Inputs have codes for what is missing and unknown; targets refuse both.
        found: The rows' words.
        index: (words,) int64 class of each word; -1 where it has none.
        classes: The labels.

    Raises:
        RowError: A target without a value, or with a label never seen in training.
    """
    if role == "input":
        return {"category": found.spread(index + _RESERVED, 0)[:, None]}
    missing_target(name, found.codes < 0)
    codes = found.spread(index, -1)
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        raise unseen_label(name, found.words[found.codes[row]], classes, row)
    return {"target": codes[:, None]}


def decoded(values: np.ndarray, classes: Sequence[str], dtype: str) -> np.ndarray:
    """Return codes as labels, in the type that the training labels had.

    Args:
        values: (N, ...) codes from 0.
        classes: The labels as text.
        dtype: NumPy's letter for the kind of values: ``"i"``, ``"f"``, ``"b"``, or anything else for text.
    """
    labels = np.array(classes, dtype=object)
    if dtype == "b":
        labels = labels == "True"
    elif dtype in "iuf":
        labels = np.array([float(word) if dtype == "f" else int(word) for word in classes])
    return labels[values.astype(np.int64)]


def tally(found: Cells, index: np.ndarray, classes: Sequence[str]) -> dict[str, np.ndarray]:
    """Return how many rows hold each code, those of missing and unknown first (also for a target)."""
    codes = coded("", "input", found, index, classes)["category"][:, 0]
    return {"counts": np.bincount(codes, minlength=len(classes) + _RESERVED).astype(np.int64)}
