"""CatBoost, defaults, native categories."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.peers import _frame

__all__ = ["fit_predict"]


def fit_predict(train_csv: Path, test_csv: Path, target: str, task: str, seed: int) -> np.ndarray:
    """Fit and predict."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    frame = _frame.read(train_csv, test_csv, target, task)
    # CatBoost reads categories as text and wants a missing one to be text as well.
    x_train, x_test = (
        part.assign(**{name: part[name].astype(object).fillna("") for name in frame.texts})
        for part in (frame.x_train, frame.x_test)
    )
    options = {"random_seed": seed, "verbose": 0, "cat_features": frame.texts, "allow_writing_files": False}
    if task == "regress":
        return CatBoostRegressor(**options).fit(x_train, frame.y_train).predict(x_test)
    return CatBoostClassifier(**options).fit(x_train, frame.y_train).predict_proba(x_test)
