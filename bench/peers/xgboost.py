"""XGBoost, defaults, native categories."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.peers import _frame

__all__ = ["fit_predict"]


def fit_predict(train_csv: Path, test_csv: Path, target: str, task: str, seed: int) -> np.ndarray:
    """Fit and predict."""
    from xgboost import XGBClassifier, XGBRegressor

    frame = _frame.read(train_csv, test_csv, target, task)
    if task == "regress":
        model = XGBRegressor(random_state=seed, enable_categorical=True)
        return model.fit(frame.x_train, frame.y_train).predict(frame.x_test)
    model = XGBClassifier(random_state=seed, enable_categorical=True)
    return model.fit(frame.x_train, frame.y_train).predict_proba(frame.x_test)
