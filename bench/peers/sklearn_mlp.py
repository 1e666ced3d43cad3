"""scikit-learn's multi-layer perceptron, defaults, on scaled numbers and one-hot categories."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.peers import _frame

__all__ = ["fit_predict"]


def fit_predict(train_csv: Path, test_csv: Path, target: str, task: str, seed: int) -> np.ndarray:
    """Fit and predict."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline

    frame = _frame.read(train_csv, test_csv, target, task)
    if task == "regress":
        model = make_pipeline(_frame.dense(frame), MLPRegressor(random_state=seed))
        return model.fit(frame.x_train, frame.y_train).predict(frame.x_test)
    model = make_pipeline(_frame.dense(frame), MLPClassifier(random_state=seed))
    return model.fit(frame.x_train, frame.y_train).predict_proba(frame.x_test)
