"""Counts of runs of five codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from glia.core.values import Answer, derived
from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["KneserNey"]

_ORDER = 5
_MOST = 20_000_000
"""Codes that are counted; more take gigabytes."""


@dataclass(frozen=True)
class _Counts:
    """What is known of runs of one length: sorted keys of runs and of what stands before their last code."""

    run: np.ndarray
    share: np.ndarray
    before: np.ndarray
    rest: np.ndarray


class KneserNey(Yardstick):
    """What comes next, by counts of runs of five codes, smoothed by modified Kneser-Ney interpolation.

    A run never seen is judged by its shorter endings, and these by how many different codes they were seen to follow.
    Source: S. Chen, J. Goodman, *An empirical study of smoothing techniques for language modeling*, 1999.

    Example:
        >>> yard = KneserNey("generate", {})
        >>> text = np.tile([4, 5, 6], 100)
        >>> yard.fit({"token": np.stack([text[at : at + 10] for at in range(290)])}, np.zeros((290, 0)))
        >>> right, wrong = yard.answer({"token": np.array([[4, 5, 6, 4], [4, 5, 6, 5]])}).score
        >>> bool(right < 0.5 * wrong)
        True
    """

    title = "counts of runs of five codes"
    cost = 1
    growth = 0.0
    ordered = True
    objectives = frozenset({"generate"})
    reads = frozenset({"token"})

    def how(self) -> str:
        """Return how to get this model without glia."""
        return f"modified Kneser-Ney smoothing of {_ORDER}-grams, as kenlm builds them"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:  # noqa: ARG002
        """Return the passages, (N, L + 1) codes."""
        return np.asarray(inputs["token"])

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:
        """Return nothing: counting is all."""

    def fit(
        self,
        inputs: Mapping[str, np.ndarray],
        target: np.ndarray,  # noqa: ARG002 - a text is its own answer
        weight: Weight = None,  # noqa: ARG002
        *,
        seconds: float = inf,  # noqa: ARG002 - counting a million codes takes a second
    ) -> None:
        """Count the runs of the text that passages are cut from."""
        stream = _stream(self.features(inputs))[:_MOST].astype(np.int64)
        chance = np.random.default_rng(derived(self.seed, "kneser_ney"))
        # A run is known by the sum of its codes times random odd numbers: two runs of one sum do not occur.
        self._odd = chance.integers(0, 1 << 62, _ORDER, dtype=np.int64) * 2 + 1
        token = self.specs.get("token")
        self._codes = token.cardinalities[0] if token and token.cardinalities else int(stream.max()) + 1
        self._tables = []
        keys, last = self._keys(stream, _ORDER), np.arange(_ORDER - 1, len(stream))
        counted = np.unique(keys, return_index=True, return_counts=True)
        for order in range(_ORDER, 0, -1):
            run, first, counts = counted
            self._tables.append(_smoothed(run, counts, self._before(stream, last[first], order)))
            if order > 1:
                # Of shorter runs, it counts after how many different codes they came.
                ends = last[first]
                shorter = self._keys(stream, order - 1)[ends - order + 2]
                last, keys = ends, shorter
                counted = np.unique(keys, return_index=True, return_counts=True)
        self._tables.reverse()

    def answer(self, inputs: Mapping[str, np.ndarray]) -> Answer:
        """Return how surprising passages are, (N,) nats over all codes but the first."""
        tokens = self.features(inputs).astype(np.int64)
        chance = np.full((len(tokens), tokens.shape[1] - 1), 1 / self._codes)
        for order, table in enumerate(self._tables, 1):
            # Codes at place 1 and later are asked for; those with order - 1 codes before them have a run that long.
            first = max(order - 1, 1)
            if tokens.shape[1] <= first:
                break
            window = np.lib.stride_tricks.sliding_window_view(tokens, order, axis=1)[:, first - order + 1 :]
            share, rest = _looked_up(table, self._hash(window), self._hash(window[..., :-1]))
            chance[:, first - 1 :] = share + rest * chance[:, first - 1 :]
        real = tokens[:, 1:] != 0
        return Answer(score=-(np.log(chance) * real).sum(1))

    def _keys(self, stream: np.ndarray, order: int) -> np.ndarray:
        """Return the key of each run of some length, by where it begins."""
        count = len(stream) - order + 1
        with np.errstate(over="ignore"):
            return sum(
                (stream[at : at + count] * self._odd[order - 1 - at] for at in range(order)), np.zeros(count, np.int64)
            )

    def _before(self, stream: np.ndarray, last: np.ndarray, order: int) -> np.ndarray:
        """Return the key of what stands before the last code of runs, given where they end."""
        return self._keys(stream, order - 1)[last - order + 1] if order > 1 else np.zeros(len(last), np.int64)

    def _hash(self, runs: np.ndarray) -> np.ndarray:
        """Return the key of runs (..., n)."""
        order = runs.shape[-1]
        with np.errstate(over="ignore"):
            found: np.ndarray = (runs * self._odd[:order][::-1]).sum(-1)
        return found


def _stream(tokens: np.ndarray) -> np.ndarray:
    """Return the codes that passages are cut from, once each where passages overlap."""
    few = tokens[:16]
    if len(tokens) > 1 and (few[1:, :-1] == few[:-1, 1:]).all():
        return np.concatenate([tokens[:, 0], tokens[-1, 1:]])
    flat = tokens[:, :-1].reshape(-1)
    return flat[flat != 0]


def _smoothed(run: np.ndarray, counts: np.ndarray, before: np.ndarray) -> _Counts:
    """Return discounted shares of runs, and what is left for shorter ones, of each beginning."""
    seen = [int((counts == many).sum()) for many in (1, 2, 3, 4)]
    base = seen[0] / max(seen[0] + 2 * seen[1], 1)
    off = [many - (many + 1) * base * seen[many] / max(seen[many - 1], 1) for many in (1, 2, 3)]
    # Where there are too few runs to estimate it, one half is taken off.
    discount = np.array([0.0, *(value if 0 < value < at + 1 else 0.5 for at, value in enumerate(off))])
    taken = discount[np.minimum(counts, 3)]
    beginnings, inverse = np.unique(before, return_inverse=True)
    total = np.bincount(inverse, counts)
    return _Counts(run, (counts - taken) / total[inverse], beginnings, np.bincount(inverse, taken) / total)


def _looked_up(table: _Counts, run: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of each run and what is left after its beginning; 0 and 1 where they were never seen."""
    at = np.minimum(np.searchsorted(table.run, run), len(table.run) - 1)
    share = np.where(table.run[at] == run, table.share[at], 0.0)
    at = np.minimum(np.searchsorted(table.before, before), len(table.before) - 1)
    return share, np.where(table.before[at] == before, table.rest[at], 1.0)
