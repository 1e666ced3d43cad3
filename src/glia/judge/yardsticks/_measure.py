"""Measuring yardsticks within a stated time: fewer rows when time is short, and saying how many."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from math import inf, isinf
from typing import Any

import numpy as np

from glia.core.shelf import Shelf
from glia.core.values import Answer, Specs, derived
from glia.judge.yardsticks._yardstick import Yardstick

__all__ = ["Yard", "measure", "refitted"]

Groups = Mapping[str, np.ndarray]

_FIRST = 500
"""Rows of the first attempt, from which the cost of more is estimated."""
_WORTHWHILE = 1.5
"""A further attempt must see this many times the rows of the last one."""
_CAREFUL = 0.75
"""The share of the time left that an estimate may fill."""
_LEAST = 0.1
"""Seconds below which trees are not even tried."""


@dataclass(frozen=True)
class Yard:
    """A measured yardstick.

    Args:
        name: Its registered name.
        valid: Its answer to the validation rows.
        test: Its answer to the test rows.
        rows: How many rows it was trained on.
        seconds: What training and answering took, attempts on fewer rows included.
        note: What was cut short, if anything.
        title: What a sentence calls it.
        how: How to get this model without glia.
    """

    name: str
    valid: Answer
    test: Answer
    rows: int
    seconds: float
    note: str = ""
    title: str = ""
    how: str = ""


def measure(
    inputs: Mapping[str, Groups],
    targets: Mapping[str, np.ndarray],
    specs: Specs,
    objective: str,
    *,
    seconds: float = inf,
    seed: int = 0,
    weight: np.ndarray | None = None,
    threads: int = 1,
    without: Collection[str] = (),
) -> dict[str, Yard]:
    """Train every yardstick on the training rows and let it answer validation and test, all within a time.

    The constant and the linear model are always measured; trees are left out where there is no time to try
    them. Given all the time there is, every one sees every row and the result depends on the seed alone.

    Args:
        inputs: The encoded groups by part: ``"train"``, ``"valid"``, ``"test"``.
        targets: The targets by part, in the units that answers should have; only ``"train"`` is learned from.
        specs: What the groups hold; with ``"target"`` among them, its classes say how many there are.
        objective: The question, by the name of its objective.
        seconds: Wall-clock time for all together.
        seed: The seed of the run.
        weight: (N,) how much each training row counts.
        threads: How many threads to use.
        without: Names of yardsticks that say nothing here.

    Returns:
        The measured yardsticks by name, in order of cost.
    """
    began = time.perf_counter()
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    classes = _classes(targets, specs) if objective == "classify" else 2
    options = {"objective": objective, "specs": specs, "classes": classes, "seed": seed, "threads": threads}
    shelf = Shelf("glia.judge.yardsticks")
    every = ((name, shelf.get(name)) for name in shelf.names() if name not in without)
    fitting = [(name, part) for name, part in every if objective in part.objectives and part.reads & set(specs)]
    parts = sorted(fitting, key=lambda part: part[1].cost)
    order = _order(np.asarray(targets["train"]), objective, seed)
    found: dict[str, Yard] = {}
    # Limits hold only for libraries that are loaded already, so the first fits come before them.
    _warmed(parts[:2] if seconds < 4 * _LEAST else parts, options)
    with threadpool_limits(threads):
        for place, (name, part) in enumerate(parts):
            share = (began + seconds - time.perf_counter()) / (len(parts) - place)
            if place > 1 and share < _LEAST:
                continue
            make = partial(part, **options)
            found[name] = _measured(name, make, inputs, targets, order, weight, share)
    return found


def refitted(
    name: str,
    rows: np.ndarray,
    inputs: Mapping[str, Groups],
    targets: Mapping[str, np.ndarray],
    specs: Specs,
    *,
    seed: int = 0,
    weight: np.ndarray | None = None,
) -> Answer:
    """Return what a classifying yardstick answers to the test rows that saw these training rows only.

    Args:
        name: Its registered name.
        rows: Places among the training rows.
        inputs: The encoded groups by part.
        targets: The codes by part.
        specs: What the groups hold.
        seed: The seed of the run.
        weight: (N,) how much each training row counts.
    """
    from threadpoolctl import threadpool_limits

    classes = _classes(targets, specs)
    yardstick = Shelf("glia.judge.yardsticks").get(name)("classify", specs, classes, seed=seed, threads=1)
    with threadpool_limits(1):
        train = {group: values[rows] for group, values in inputs["train"].items()}
        yardstick.fit(train, targets["train"][rows], None if weight is None else weight[rows])
        if len(targets.get("valid", ())):
            yardstick.choose(inputs["valid"], targets["valid"])
        answer: Answer = yardstick.answer(inputs["test"])
    return answer


def _measured(
    name: str,
    make: Any,
    inputs: Mapping[str, Groups],
    targets: Mapping[str, np.ndarray],
    order: np.ndarray,
    weight: Any,
    seconds: float,
) -> Yard:
    """Return a yardstick trained on as many rows as the time allows."""
    began = time.perf_counter()
    yardstick: Yardstick = make()
    target = targets["train"]
    rows = len(order) if isinf(seconds) or not yardstick.growth or yardstick.ordered else min(_FIRST, len(order))
    while True:
        here = slice(None) if yardstick.ordered else order[:rows]
        yardstick = make()
        start = time.perf_counter()
        train = {group: values[here] for group, values in inputs["train"].items()}
        left = began + seconds - start
        # What a first attempt cannot do in half of the time leaves the other half for answering many rows.
        part = _CAREFUL if rows == len(order) else 0.5
        yardstick.fit(train, target[here], None if weight is None else weight[here], seconds=part * left)
        took = time.perf_counter() - start
        if rows == len(order):
            break
        left = began + seconds - time.perf_counter() - _answering(yardstick, inputs)
        more = 1 + (_CAREFUL * left / took - 1) / yardstick.growth
        wanted = min(len(order), int(rows * _with_classes(more, target, order, rows)))
        if wanted < min(_WORTHWHILE * rows, len(order)):
            break
        rows = wanted
    if len(targets.get("valid", ())):
        yardstick.choose(inputs["valid"], targets["valid"])
    valid, test = yardstick.answer(inputs["valid"]), yardstick.answer(inputs["test"])
    notes = [f"trained on {rows} of {len(order)} rows, for want of time"] if rows < len(order) else []
    note = "; ".join(notes + ([yardstick.note] if yardstick.note else []))
    spent = time.perf_counter() - began
    return Yard(name, valid, test, rows, spent, note, yardstick.title, yardstick.how())


def _with_classes(more: float, target: np.ndarray, order: np.ndarray, rows: int) -> float:
    """Return how many times the rows the time is good for, where more rows bring more classes, which cost as much."""
    if not np.issubdtype(target.dtype, np.integer) or target.reshape(len(target), -1).shape[1] != 1:
        return more
    kinds = len(np.unique(target)) / max(len(np.unique(target[order[:rows]])), 1)
    return max(max(more, 0.0) ** 0.5, more / kinds) if kinds > 1 else more


def _answering(yardstick: Yardstick, inputs: Mapping[str, Groups]) -> float:
    """Return the seconds that answering validation and test should take."""
    sizes = [len(next(iter(inputs[part].values()))) for part in ("valid", "test")]
    few = {group: values[:_FIRST] for group, values in inputs["valid"].items()}
    tried = len(next(iter(few.values())))
    start = time.perf_counter()
    yardstick.answer(few)
    return (time.perf_counter() - start) * sum(sizes) / max(tried, 1)


def _warmed(parts: list[tuple[str, Any]], options: Mapping[str, Any]) -> None:
    """Fit each yardstick on four rows: the first call imports its library, which says nothing of its pace."""
    target = np.array([[0], [1]] * 2)
    for _, part in parts:
        if "number" not in part.reads:
            continue
        part(**options).fit({"number": target.astype(np.float32)}, target, seconds=0.0)


def _order(target: np.ndarray, objective: str, seed: int) -> np.ndarray:
    """Return rows shuffled, a row of each class first, so that a small sample knows all classes."""
    order = np.random.default_rng(derived(seed, "yardsticks")).permutation(len(target))
    if objective != "classify":
        return order
    first = np.sort(np.unique(target.reshape(-1)[order], return_index=True)[1])
    return np.concatenate([order[first], np.delete(order, first)])


def _classes(targets: Mapping[str, np.ndarray], specs: Specs) -> int:
    if "target" in specs and specs["target"].classes:
        return len(specs["target"].classes[0])
    return max(2, *(int(np.max(codes, initial=0)) + 1 for codes in targets.values()))
