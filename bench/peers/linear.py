"""Logistic or ridge regression on scaled numbers and one-hot categories (scikit-learn)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.peers import _frame

__all__ = ["fit_predict"]


def fit_predict(train_csv: Path, test_csv: Path, target: str, task: str, seed: int) -> np.ndarray:  # noqa: ARG001
    """Fit and predict."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline

    frame = _frame.read(train_csv, test_csv, target, task)
    if task == "regress":
        model = make_pipeline(_frame.dense(frame), Ridge())
        return model.fit(frame.x_train, frame.y_train).predict(frame.x_test)
    model = make_pipeline(_frame.dense(frame), LogisticRegression(max_iter=1000))
    return model.fit(frame.x_train, frame.y_train).predict_proba(frame.x_test)
