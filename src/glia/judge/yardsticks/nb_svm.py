"""The linear model on words and pairs of words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glia.judge.yardsticks._yardstick import Weight, Yardstick

__all__ = ["NbSvm"]

_FIRST = 4  # codes below are padding and marks
_ALPHA = 1.0
_PENALTY = 1.0


class NbSvm(Yardstick):
    """A linear model on which words and pairs of words a text holds, weighted by how much they tell.

    Each is weighted by the log-ratio of how often it occurs in a class and in the others (naive Bayes); the linear
    model on top is logistic regression, which answers with probabilities and, on film reviews, is at least as good as
    the support-vector machine of the name. Source: S. Wang, C. Manning, *Baselines and bigrams*, ACL 2012.

    Example:
        >>> yard = NbSvm("classify", {})
        >>> words = np.array([[4, 5], [4, 6], [7, 5], [7, 6]] * 5)
        >>> yard.fit({"token": words}, words[:, :1] // 7)
        >>> yard.answer({"token": np.array([[7, 9], [4, 0]])}).label.tolist()
        [1, 0]
    """

    title = "a linear model on words"
    cost = 1
    reads = frozenset({"token"})

    def how(self) -> str:
        """Return how to get this model without glia."""
        kind = "Ridge" if self.objective == "regress" else "LogisticRegression"
        return f"sklearn.linear_model.{kind}() on words and pairs of words, weighted by naive Bayes"

    def features(self, inputs: Mapping[str, np.ndarray], *, learn: bool = False) -> Any:
        """Return which words and pairs each text holds, a sparse (N, F) matrix of ones."""
        from scipy import sparse

        tokens = np.asarray(inputs["token"], np.int64)
        rows, grams = _grams(tokens)
        if learn:
            self._known = np.unique(grams)
        at = np.searchsorted(self._known, grams)
        held = at < len(self._known)
        held[held] = self._known[at[held]] == grams[held]
        shape = (len(tokens), max(len(self._known), 1))
        found = sparse.csr_matrix((np.ones(int(held.sum())), (rows[held], at[held])), shape=shape)
        found.data[:] = 1.0  # a word that occurs twice is there
        return found

    def model(self, features: Any, target: np.ndarray, weight: Weight, deadline: float) -> Any:  # noqa: ARG002
        """Return a fitted model of one target."""
        from sklearn.linear_model import Ridge

        if self.objective == "regress":
            return Ridge(alpha=10.0, solver="sparse_cg").fit(features, target, sample_weight=weight)
        return _Weighted(features, target, weight)


class _Weighted:
    """A logistic regression for each class (one for two), on features weighted by what they tell of it."""

    def __init__(self, features: Any, target: np.ndarray, weight: Weight) -> None:
        from sklearn.linear_model import LogisticRegression

        self.classes_ = np.unique(target)
        self._parts = []
        for one in self.classes_[1:] if len(self.classes_) == 2 else self.classes_:
            ours = target == one
            tells = _tells(features, ours, weight)
            model = LogisticRegression(C=_PENALTY, solver="liblinear", dual=True, max_iter=300, random_state=0)
            model.fit(features.multiply(tells).tocsr(), ours, sample_weight=weight)
            self._parts.append((tells * model.coef_[0], float(model.intercept_[0])))

    def predict_proba(self, features: Any) -> np.ndarray:
        """Return (N, K) probabilities; of several classes, the shares of what each says alone."""
        logits = np.column_stack([features @ slope + base for slope, base in self._parts])
        share = np.exp(-np.logaddexp(0, -logits))
        if len(self._parts) == 1:
            return np.column_stack([1 - share, share])
        return np.asarray(share / np.maximum(share.sum(1, keepdims=True), 1e-12))


def _tells(features: Any, ours: np.ndarray, weight: Weight) -> np.ndarray:
    """Return the log-ratio of how often each feature occurs in a class and outside, (F,)."""
    weight = np.ones(len(ours)) if weight is None else np.asarray(weight, np.float64)
    inside, outside = (_ALPHA + features.T @ (weight * side) for side in (ours, ~ours))
    ratio: np.ndarray = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    return ratio


def _grams(tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the words and pairs of neighbors in each text: rows and numbers, (total,) int64 each."""
    real = tokens >= _FIRST
    row, place = np.nonzero(real)
    singles = tokens[row, place]
    both = real[:, :-1] & real[:, 1:]
    pair_row, pair_place = np.nonzero(both)
    pairs = (tokens[pair_row, pair_place] << 32) | tokens[pair_row, pair_place + 1]
    return np.concatenate([row, pair_row]), np.concatenate([singles, pairs])
