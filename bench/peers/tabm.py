"""TabM-D, the reference network with its published example's settings, in pytabkit (arXiv:2410.24210)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.peers import _frame

__all__ = ["fit_predict"]


def fit_predict(train_csv: Path, test_csv: Path, target: str, task: str, seed: int) -> np.ndarray:
    """Fit and predict."""
    import os

    from pytabkit import TabM_D_Classifier, TabM_D_Regressor

    frame = _frame.read(train_csv, test_csv, target, task)
    x_train, x_test = _frame.imputed(frame)
    # It would take one thread for two logical cores, where all others take both.
    options = {"random_state": seed, "device": "cpu", "n_threads": os.cpu_count()}
    if task == "regress":
        return TabM_D_Regressor(**options).fit(x_train, frame.y_train).predict(x_test)
    return TabM_D_Classifier(**options).fit(x_train, frame.y_train).predict_proba(x_test)
