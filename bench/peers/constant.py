"""The commonest class, or the mean: what every model must beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.peers import _frame

__all__ = ["fit_predict"]


def fit_predict(train_csv: Path, test_csv: Path, target: str, task: str, seed: int) -> np.ndarray:  # noqa: ARG001
    """Fit and predict."""
    frame = _frame.read(train_csv, test_csv, target, task)
    if task == "regress":
        return np.full(len(frame.x_test), frame.y_train.mean())
    return np.tile(np.bincount(frame.y_train) / len(frame.y_train), (len(frame.x_test), 1))
