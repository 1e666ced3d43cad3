"""A neural classifier in scikit-learn's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d, compute_class_weight
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    check_classification_targets,
    type_of_target,
)

from glia.core.constraints import Above, Range
from glia.judge.readouts import readouts
from glia.sklearn._asked import Asked, Labels, Marks
from glia.sklearn._estimator import NeuralEstimator

__all__ = ["NeuralClassifier"]


class NeuralClassifier(ClassifierMixin, NeuralEstimator):  # type: ignore[misc]
    """A neural network that answers with a class, or with several labels, for every row of a table.

    Arrays hold numbers, and NaN is a missing one. Columns of a data frame (pandas, polars) may also hold
    categories, booleans, dates and short texts; numbers stay numbers, so give whole numbers that are codes
    the type of a category. Columns are scaled and encoded inside. Equal rows count as one row with the sum
    of their weights, and the order of rows decides nothing.

    Args:
        net: A network's name, such as ``"mlp"``, ``"tabm"``, ``"realmlp"``, ``"ft_transformer"`` (``glia list
            nets`` shows all), or a :class:`torch.nn.Module` that takes (B, features) and gives (B, classes);
            a module is copied, and training starts from its weights.
        net_options: Options of a named network, such as ``{"width": 64}``.
        max_epochs: Passes over the rows.
        batch_size: Rows of a step; ``"auto"`` is 8 to 256, by the number of rows.
        optimizer: An optimizer's name.
        learning_rate: The highest learning rate; ``None`` = what suits network and optimizer.
        weight_decay: How strongly weights shrink; ``None`` = what suits the network.
        schedule: How the learning rate moves: ``"cosine"``, ``"constant"``, ``"one_cycle"``, ...
        early_stopping: Whether to set rows aside, stop when the loss on them no longer falls, and go back to
            the best weights.
        validation_fraction: Share of the distinct rows set aside, stratified where classes allow.
        n_iter_no_change: Epochs without improvement that are waited for.
        class_weight: ``{class: weight}`` or ``"balanced"``; multiplied into the weights of the rows.
        warm_start: Whether ``fit`` goes on from the weights at hand; scales and categories stay as they are.
        random_state: The seed of first weights, order and dropout.
        threads: Threads of the tensor library while this estimator computes.
        verbose: Above 0, every epoch is printed.

    Attributes:
        classes_: (K,) the classes; for several labels, their positions.
        module_: The fitted network, a plain :class:`torch.nn.Module`.
        loss_curve_: The mean training loss of each epoch.
        validation_scores_: With early stopping, the negative validation loss of each epoch; else ``None``.
        n_iter_: Epochs done.
        n_features_in_: Columns seen in ``fit``.
        feature_names_in_: Their names, where a frame gave them.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> X, y = load_iris(return_X_y=True)
        >>> model = NeuralClassifier(random_state=0).fit(X, y)
        >>> model.predict(X[:3]).tolist(), bool(model.score(X, y) > 0.95)
        ([0, 0, 0], True)
    """

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
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        warm_start: bool = False,
        random_state: Any = None,
        threads: Annotated[int, Range(1)] = 1,
        verbose: Annotated[int, Range(0)] = 0,
    ) -> None:
        super().__init__(
            net,
            net_options=net_options,
            max_epochs=max_epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            schedule=schedule,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            warm_start=warm_start,
            random_state=random_state,
            threads=threads,
            verbose=verbose,
        )
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> NeuralClassifier:
        """Train on rows.

        Args:
            X: (N, F) numbers, or a data frame.
            y: (N,) classes, or (N, T) zeros and ones.
            sample_weight: (N,) weights, not negative.

        Raises:
            ValueError: Arguments or rows that cannot be used.
        """
        self._train(X, y, sample_weight, partial=False)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> NeuralClassifier:
        """Pass once over more rows, from the weights at hand and at a steady learning rate.

        Scales and categories are learned from the rows of the first call.

        Args:
            X: (N, F) numbers, or a data frame.
            y: (N,) classes, or (N, T) zeros and ones.
            classes: All classes there will ever be; needed in the first call.
            sample_weight: (N,) weights, not negative.

        Raises:
            ValueError: Arguments or rows that cannot be used.
        """
        if self.class_weight == "balanced":
            raise ValueError("class_weight='balanced' needs all rows at once; give partial_fit a dict of weights")
        _check_partial_fit_first_call(self, classes)
        several = type_of_target(y) == "multilabel-indicator"
        self._train(X, y, sample_weight, partial=True, known=None if several else Labels(self.classes_))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row, (N,), or (N, T) zeros and ones."""
        label = self._answer(self._outputs(X)).label
        return label if self._marks else self.classes_[label]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return (N, K) probabilities of the classes, or (N, T) of each label."""
        return self._answer(self._outputs(X)).probability

    def decision_function(self, X: Any) -> np.ndarray:
        """Return (N,) log-odds of the second of two classes, (N, K) log-probabilities, or (N, T) log-odds."""
        outputs = self._outputs(X)
        two = not self._marks and outputs.shape[1] == 2
        return outputs[:, 1] - outputs[:, 0] if two else outputs

    def _read(self, y: np.ndarray, known: Asked | None) -> tuple[np.ndarray, Asked | None]:
        check_classification_targets(y)
        several = type_of_target(y) == "multilabel-indicator" and known is None
        if several or isinstance(known, Marks):
            marks = known if isinstance(known, Marks) else Marks(y.shape[1])
            self.classes_ = np.arange(marks.count)
            return marks.values(y), marks
        y = column_or_1d(y, warn=True)
        labels = known if isinstance(known, Labels) else Labels(np.unique(y))
        if len(labels.classes) < 2:
            raise ValueError(f"y holds one class only, {labels.classes.tolist()[0]!r}; at least 2 classes are needed")
        self.classes_ = labels.classes
        return labels.values(y), labels

    def _weighed(self, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        if self.class_weight is None:
            return weight
        if values.shape[1] > 1:
            raise ValueError("class_weight is for one class a row; y holds several labels")
        present, codes = np.unique(values[:, 0], return_inverse=True)
        # A dict may name classes without a row here; balance is only among those that have some.
        classes = self.classes_[present] if self.class_weight == "balanced" else self.classes_
        factors = compute_class_weight(self.class_weight, classes=classes, y=classes[codes], sample_weight=weight)
        return weight * (factors[codes] if self.class_weight == "balanced" else factors[values[:, 0]])

    @property
    def _marks(self) -> bool:
        return isinstance(self._learner.asked, Marks)

    def _answer(self, outputs: np.ndarray) -> Any:
        return readouts.get(self._learner.asked.objective)().answer(outputs)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
