"""What both estimators share: arguments, the way from X and y to a trained network, and what they remember."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from glia.core.constraints import Above, Range, check_options
from glia.core.values import derived
from glia.sklearn._asked import Asked, Numbers
from glia.sklearn._learner import Learner
from glia.sklearn._tables import distinct, in_sklearns_words, kinds_of, learned, tabled, validated

__all__ = ["NeuralEstimator"]


class NeuralEstimator(BaseEstimator):  # type: ignore[misc]
    """Train a network of glia's on a table; abstract."""

    _learner: Learner
    loss_curve_: list[float]

    def __init__(
        self,
        net: Any = "mlp",
        *,
        net_options: Mapping[str, Any] | None = None,
        max_epochs: Annotated[int, Range(1)] = 40,
        batch_size: Annotated[int, Range(1)] | Literal["auto"] = "auto",
        optimizer: str = "adamw",
        learning_rate: Annotated[float, Above(0)] | None = None,
        weight_decay: Annotated[float, Range(0)] | None = None,
        schedule: str = "cosine",
        early_stopping: bool = False,
        validation_fraction: Annotated[float, Range(0.001, 0.999)] = 0.1,
        n_iter_no_change: Annotated[int, Range(1)] = 10,
        warm_start: bool = False,
        random_state: Any = None,
        threads: Annotated[int, Range(1)] = 1,
        verbose: Annotated[int, Range(0)] = 0,
    ) -> None:
        self.net = net
        self.net_options = net_options
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.random_state = random_state
        self.threads = threads
        self.verbose = verbose

    @abstractmethod
    def _read(self, y: np.ndarray, known: Asked | None) -> tuple[np.ndarray, Asked | None]:
        """Return y as (N, T) codes or numbers, and what is asked for, where that is known from y alone."""

    def _weighed(self, values: np.ndarray, weight: np.ndarray) -> np.ndarray:  # noqa: ARG002
        """Return (N,) weights with whatever else rows weigh by."""
        return weight

    def _wish(self) -> SimpleNamespace:
        """Return the constructor's arguments, checked."""
        given = self.get_params(deep=False)
        net = given.pop("net")
        return SimpleNamespace(net=net, **check_options(type(self), given, type(self).__name__))

    def _train(self, X: Any, y: Any, sample_weight: Any, *, partial: bool, known: Asked | None = None) -> None:
        """Learn from rows: from scratch or from where the weights are, fully or by one pass."""
        fresh = not (hasattr(self, "module_") and (partial or self.warm_start))
        with in_sklearns_words():
            wish = self._wish()
            X, y = validated(self, X, y, reset=fresh)
            values, asked = self._read(y, known if fresh else self._learner.asked)
            weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
            table = tabled(X, getattr(self, "feature_names_in_", None))
            rows, weight = distinct(table, values, weight)
            table, values = table.take(rows), values[rows]
            seed = int(check_random_state(self.random_state).randint(2**31 - 1))
            fit, valid = self._parted(values, wish, partial, derived(seed, "valid") % 2**32)
            if fresh:
                schema = learned(table.take(fit), weight[fit], kinds_of(X, table))
                asked = asked or Numbers.learned(values[fit], weight[fit])
                self._learner = Learner(schema, asked, wish, seed)
            elif not partial:
                self._learner.restart(wish)
            weight = self._weighed(values, weight)
            train, check = (self._learner.batch(table.take(some), values[some], weight[some]) for some in (fit, valid))
            seed = derived(seed, "pass", 0 if fresh else self.n_iter_) if partial else seed
            state = self._learner.train(train, check, wish, partial=partial, seed=seed)
        self._remember(state.history, more=partial and not fresh)

    def _parted(self, values: np.ndarray, wish: Any, partial: bool, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return ids of the rows to learn from, and of those that tell when to stop."""
        every = np.arange(len(values))
        if not wish.early_stopping:
            return every, every[:0]
        if partial:
            raise ValueError("partial_fit does not support early_stopping=True")
        labels = values[:, 0] if isinstance(self, ClassifierMixin) and values.shape[1] == 1 else None
        if labels is not None:
            counts = np.unique(labels, return_counts=True)[1]
            if counts.min() < 2 or wish.validation_fraction * len(labels) < len(counts):
                labels = None  # too few rows for one of each class on either side
        fit, valid = train_test_split(every, test_size=wish.validation_fraction, random_state=seed, stratify=labels)
        return np.sort(fit), np.sort(valid)

    def _remember(self, history: list[dict[str, Any]], *, more: bool) -> None:
        seen = [entry for entry in history if "loss" in entry]
        self.module_ = self._learner.module
        self.loss_curve_ = (self.loss_curve_ if more else []) + [entry["loss"] for entry in seen]
        self.validation_scores_ = [entry["valid"]["score"] for entry in seen if entry["valid"]] or None
        self.n_iter_ = len(self.loss_curve_)

    def _outputs(self, X: Any) -> np.ndarray:
        """Return (N, K) or (N, T) outputs of the network in float64."""
        check_is_fitted(self)
        with in_sklearns_words():
            X, _ = validated(self, X, "no_validation", reset=False)
            table = tabled(X, getattr(self, "feature_names_in_", None))
            return self._learner.outputs(table, self.threads)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
