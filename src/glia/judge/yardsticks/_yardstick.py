"""The contract of a yardstick, and what all of them share: one model per target, rounds as time allows.

Legend of shapes: N = rows, F = features, K = classes, T = targets or labels.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, ClassVar

import numpy as np

from glia.core.values import Answer, Specs

__all__ = ["Weight", "Yardstick", "grown", "stacked"]

Weight = np.ndarray | None


class Yardstick(ABC):
    """A simple model that answers the same question as the network.

    Args:
        objective: The question, one of ``objectives``.
        specs: What the encoded groups hold.
        classes: How many classes there are; of no meaning for ``"regress"``.
        seed: The seed of the run.
        threads: How many threads it may use.
    """

    title: ClassVar[str]
    """What a sentence calls it."""
    cost: ClassVar[int]
    """Its place in the order of cost; cheaper ones are trained first and preferred when level."""

    objectives: ClassVar[frozenset[str]] = frozenset({"classify", "multilabel", "regress"})
    """The questions it can answer."""
    reads: ClassVar[frozenset[str]] = frozenset({"number", "category", "dense"})
    """The groups it can answer from; any one of them suffices."""

    growth: ClassVar[float] = 1.0
    """How the time of a fit grows with rows: 1 = in proportion, less = much of it does not depend on rows."""

    ordered: ClassVar[bool] = False
    """Whether it takes all rows as they come, such as windows that overlap; then it limits its time by itself."""

    def __init__(self, objective: str, specs: Specs, classes: int = 2, *, seed: int = 0, threads: int = 1) -> None:
        self.objective = objective
        self.specs = specs
        self.classes = classes
        self.seed = seed
        self.threads = threads
        self.note = ""

    @abstractmethod
    def how(self) -> str:
        """Return how to get this model without glia."""

    @abstractmethod
    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:
        """Return the matrix (N, F) the model reads; what must be learned is learned only when told to."""

    @abstractmethod
    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:
        """Return a fitted scikit-learn model of one target, (N,) codes or numbers."""

    def fit(
        self,
        inputs: Mapping[str, np.ndarray],
        target: np.ndarray,
        weight: Weight = None,
        *,
        seconds: float = inf,
    ) -> None:
        """Fit the model.

        Args:
            inputs: The encoded groups of N rows.
            target: (N,) or (N, 1) codes, (N, T) 0/1, or (N, T) numbers in the units that answers should have.
            weight: (N,) how much each row counts.
            seconds: When to stop adding to the model.
        """
        began = time.perf_counter()
        features = self.features(inputs, learn=True)
        columns = target.reshape(len(target), -1).T
        self._models = []
        for done, column in enumerate(columns):
            left = began + seconds - time.perf_counter()
            deadline = time.perf_counter() + left / (len(columns) - done)
            alone = self.objective != "regress" and (column == column[0]).all()
            # A classifier refuses a single class; the sample at hand knows no other answer.
            self._models.append(column[0] if alone else self.model(features, column, weight, deadline))

    def choose(self, inputs: Mapping[str, np.ndarray], truth: np.ndarray) -> None:  # noqa: B027 - most have no setting
        """Choose settings, and learn what errors are usual, on the validation rows, as the network may."""

    def answer(self, inputs: Mapping[str, np.ndarray]) -> Answer:
        """Return what the model says about rows."""
        features = self.features(inputs)
        if self.objective == "regress":
            return Answer(point=np.column_stack([model.predict(features) for model in self._models]))
        width = self.classes if self.objective == "classify" else 2
        spread = [_probability(model, features, width) for model in self._models]
        if self.objective == "classify":
            return Answer(probability=spread[0], label=spread[0].argmax(1))
        probability = np.column_stack([one[:, 1] for one in spread])
        return Answer(probability=probability, label=(probability >= 0.5).astype(np.int64))


def _probability(model: Any, features: Any, width: int) -> np.ndarray:
    """Return (N, K) probabilities, 0 for classes the model never saw."""
    full = np.zeros((features.shape[0], width))
    if hasattr(model, "predict_proba"):
        full[:, model.classes_.astype(np.int64)] = model.predict_proba(features)
    else:
        full[:, int(model)] = 1.0
    return full


def stacked(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return all groups side by side, (N, F) float32, numbers and dense features before the codes."""
    groups = [inputs[name] for name in ("number", "dense", "category") if name in inputs]
    return np.hstack(groups, dtype=np.float32, casting="unsafe")


def grown(
    model: Any, dial: str, rounds: tuple[int, ...], fit: Callable[[Any], object], deadline: float
) -> tuple[Any, int]:
    """Fit a warm-started ensemble in growing steps, as long as the next step should end in time.

    Args:
        model: A scikit-learn ensemble with ``warm_start=True``.
        dial: The name of the option that says how many rounds there are.
        rounds: Ascending numbers of rounds to stop at and look at the clock.
        fit: Fits the model it is given.
        deadline: When to be done, as :func:`time.perf_counter` counts.

    Returns:
        The model and its rounds.
    """
    # With all the time there is, one step builds the same trees without looking at the clock.
    rounds = rounds[-1:] if deadline == inf else rounds
    done = 0
    for wanted in rounds:
        began = time.perf_counter()
        model.set_params(**{dial: wanted})
        fit(model)
        pace = (time.perf_counter() - began) / (wanted - done)
        done = wanted
        following = next((more for more in rounds if more > done), done)
        if time.perf_counter() + pace * (following - done) > deadline:
            break
    return model, done
