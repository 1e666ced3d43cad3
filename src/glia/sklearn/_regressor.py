"""A neural regressor in scikit-learn's words."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from glia.sklearn._asked import Asked, Numbers
from glia.sklearn._estimator import NeuralEstimator

__all__ = ["NeuralRegressor"]


class NeuralRegressor(RegressorMixin, NeuralEstimator):  # type: ignore[misc]
    """A neural network that answers with a number, or with several, for every row of a table.

    Arrays, frames, equal rows and all arguments are as in :class:`~glia.sklearn.NeuralClassifier`; there is no
    ``class_weight``. Squared error of standardized targets is minimized.

    Args:
        net: A network's name, or a :class:`torch.nn.Module` that takes (B, features) and gives (B, targets).
        net_options: Options of a named network, such as ``{"width": 64}``.
        max_epochs: Passes over the rows.
        batch_size: Rows of a step; ``"auto"`` is 8 to 256, by the number of rows.
        optimizer: An optimizer's name.
        learning_rate: The highest learning rate; ``None`` = what suits network and optimizer.
        weight_decay: How strongly weights shrink; ``None`` = what suits the network.
        schedule: How the learning rate moves: ``"cosine"``, ``"constant"``, ``"one_cycle"``, ...
        early_stopping: Whether to set rows aside, stop when the loss on them no longer falls, and go back to
            the best weights.
        validation_fraction: Share of the distinct rows set aside.
        n_iter_no_change: Epochs without improvement that are waited for.
        warm_start: Whether ``fit`` goes on from the weights at hand; scales and categories stay as they are.
        random_state: The seed of first weights, order and dropout.
        threads: Threads of the tensor library while this estimator computes.
        verbose: Above 0, every epoch is printed.

    Attributes:
        module_: The fitted network, a plain :class:`torch.nn.Module`; it gives standardized targets.
        loss_curve_: The mean training loss of each epoch, of standardized targets.
        validation_scores_: With early stopping, the negative validation loss of each epoch; else ``None``.
        n_iter_: Epochs done.
        n_features_in_: Columns seen in ``fit``.
        feature_names_in_: Their names, where a frame gave them.

    Example:
        >>> X = np.linspace(-1, 1, 100)[:, None]
        >>> model = NeuralRegressor(random_state=0).fit(X, 3 * X[:, 0] ** 2)
        >>> bool(model.score(X, 3 * X[:, 0] ** 2) > 0.9)
        True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> NeuralRegressor:
        """Train on rows.

        Args:
            X: (N, F) numbers, or a data frame.
            y: (N,) or (N, T) numbers.
            sample_weight: (N,) weights, not negative.

        Raises:
            ValueError: Arguments or rows that cannot be used.
        """
        self._train(X, y, sample_weight, partial=False)
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> NeuralRegressor:
        """Pass once over more rows, from the weights at hand and at a steady learning rate.

        Scales and categories are learned from the rows of the first call.

        Args:
            X: (N, F) numbers, or a data frame.
            y: (N,) or (N, T) numbers.
            sample_weight: (N,) weights, not negative.

        Raises:
            ValueError: Arguments or rows that cannot be used.
        """
        self._train(X, y, sample_weight, partial=True)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return (N,) or (N, T) numbers, shaped as y was in ``fit``."""
        outputs = self._outputs(X)
        asked = self._learner.asked
        assert isinstance(asked, Numbers)
        point = asked.decode(outputs)
        return point[:, 0] if self._flat else point

    def _read(self, y: np.ndarray, known: Asked | None) -> tuple[np.ndarray, Asked | None]:
        values = np.asarray(y, np.float64)
        self._flat = values.ndim == 1
        values = values.reshape(len(values), -1)
        if isinstance(known, Numbers) and values.shape[1] != len(known.mean):
            raise ValueError(f"y has {values.shape[1]} targets, and {len(known.mean)} were learned")
        return values, known

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
