"""scikit-learn's histogram gradient boosting, defaults, native categories."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.peers import _frame

__all__ = ["fit_predict"]


def fit_predict(train_csv: Path, test_csv: Path, target: str, task: str, seed: int) -> np.ndarray:
    """Fit and predict."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    frame = _frame.read(train_csv, test_csv, target, task)
    if task == "regress":
        model = HistGradientBoostingRegressor(random_state=seed)
        return model.fit(frame.x_train, frame.y_train).predict(frame.x_test)
    model = HistGradientBoostingClassifier(random_state=seed)
    return model.fit(frame.x_train, frame.y_train).predict_proba(frame.x_test)
