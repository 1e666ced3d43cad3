"""Whether there are rows enough: a simple model on fewer and fewer of them says how accuracy grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from glia.compose.prepared import Prepared
from glia.core.recipe import Recipe
from glia.core.values import Answer, derived
from glia.judge.learning_curve import Curve, curve
from glia.judge.yardsticks import Yard, refitted

__all__ = ["enough", "seconds"]

_MOST = 5_000
"""Training rows from which nobody asks any more."""
_PARTS = ((8, 4), (4, 4), (2, 2))
"""One part in how many, and how often it is drawn."""
_COST = sum(repeats / share for share, repeats in _PARTS)
_SHARE = 0.03


def seconds(prepared: Prepared, recipe: Recipe) -> float:
    """Return how long the curve may take, so that it can be kept free; nothing where none is drawn."""
    if not _asked(prepared, recipe):
        return 0.0
    return _SHARE * recipe.budget if recipe.clocked and recipe.budget else float("inf")


def enough(prepared: Prepared, answer: Answer, yards: Mapping[str, Yard], recipe: Recipe) -> Curve | None:
    """Return how accuracy grows with training rows, where few of them are there to learn classes from.

    Args:
        prepared: The rows.
        answer: The network's answer to the test rows.
        yards: The simple models; the one with the best validation rows of those that time allows is tried.
        recipe: What was asked for.
    """
    truth = prepared.truth
    if not _asked(prepared, recipe) or answer.label is None or not len(truth["valid"]):
        return None
    rows = len(truth["train"])
    yard = _chosen(prepared, yards, seconds(prepared, recipe))
    sizes = [rows // share for share, _ in _PARTS if rows // share >= max(len(prepared.classes), 4)]
    if yard is None or not sizes:
        return None
    drawn = {rows // share: repeats for share, repeats in _PARTS}
    right = [
        np.stack([_right(prepared, yard.name, size, n, recipe.seed) for n in range(drawn[size])]) for size in sizes
    ]
    assert yard.test.label is not None
    right.append((yard.test.label == truth["test"])[None])
    own = np.asarray(answer.label == truth["test"])
    found = curve([*sizes, rows], right, own, classes=len(prepared.classes), seed=recipe.seed)
    return replace(found, text=f"{found.text}; judged by how {yard.title} does with fewer rows")


def _asked(prepared: Prepared, recipe: Recipe) -> bool:
    few = prepared.shards is None and len(prepared.truth["train"]) < _MOST
    return few and prepared.question.objective == "classify" and recipe.judge.yardsticks


def _chosen(prepared: Prepared, yards: Mapping[str, Yard], most: float) -> Yard | None:
    """Return the simple model that answers most validation rows rightly, of those that learn and are quick enough."""
    truth = prepared.truth
    able = [
        yard
        for name, yard in yards.items()
        if name not in ("constant", "from_nothing")
        and yard.rows == len(truth["train"])
        and yard.valid.label is not None
    ]
    quick = [yard for yard in able if _COST * yard.seconds <= most]
    return max(quick, key=lambda yard: float(np.mean(yard.valid.label == truth["valid"])), default=None)


def _right(prepared: Prepared, name: str, size: int, repeat: int, seed: int) -> np.ndarray:
    """Return which test rows a simple model answers rightly that saw so many training rows, each class among them."""
    truth = prepared.truth
    order = np.random.default_rng(derived(seed, "enough", size, repeat)).permutation(len(truth["train"]))
    first = np.unique(truth["train"][order], return_index=True)[1]
    rows = np.concatenate([order[first], np.delete(order, first)])[:size]
    found = refitted(
        name, rows, prepared.inputs, truth, {**prepared.specs(), **prepared.asked()},
        seed=seed, weight=prepared.weight["train"],
    )  # fmt: skip
    return np.asarray(found.label == truth["test"])
