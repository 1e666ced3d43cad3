"""scikit-learn's own checks of an estimator, all of them, with no expected failures."""

from __future__ import annotations

from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from glia.sklearn import NeuralClassifier, NeuralRegressor


@parametrize_with_checks([NeuralClassifier(), NeuralRegressor()])
def test_scikit_learn_is_content(estimator: Any, check: Any) -> None:
    check(estimator)
