"""RealMLP-TD, tuned defaults, as pytabkit ships it (Holzmueller et al. 2024, arXiv:2407.04491)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.peers import _frame

__all__ = ["fit_predict"]


def fit_predict(train_csv: Path, test_csv: Path, target: str, task: str, seed: int) -> np.ndarray:
    """Fit and predict."""
    import os

    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    frame = _frame.read(train_csv, test_csv, target, task)
    x_train, x_test = _frame.imputed(frame)
    # It would take one thread for two logical cores, where all others take both.
    options = {"random_state": seed, "device": "cpu", "n_threads": os.cpu_count()}
    if task == "regress":
        return RealMLP_TD_Regressor(**options).fit(x_train, frame.y_train).predict(x_test)
    return RealMLP_TD_Classifier(**options).fit(x_train, frame.y_train).predict_proba(x_test)
