"""Score predictions from a file: one way for everybody, glia's own figures included."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

__all__ = ["GREATER", "scores"]

# Whether more is better.
GREATER = {
    "accuracy": True,
    "roc_auc": True,
    "average_precision": True,
    "log_loss": False,
    "rmse": False,
    "r2": True,
}


def _column(path: Path, name: str) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if name not in (reader.fieldnames or []):
            raise ValueError(f"{path} has no column {name!r}; it has {reader.fieldnames}")
        return [row[name] for row in reader]


def scores(predictions: Path, test: Path, target: str, task: str) -> dict[str, float]:
    """Return the scores of a file of predictions against the labels of the test file.

    Args:
        predictions: Has ``prediction`` and, for classes, ``probability_<class>``; rows as in the test file.
        test: Has the target.
        target: Its name.
        task: ``"classify"`` (two classes) or ``"regress"``.

    Returns:
        ``accuracy, roc_auc, average_precision, log_loss`` (the rarer class is positive) or ``rmse, r2``.

    Raises:
        ValueError: When rows or columns are missing.
    """
    from sklearn import metrics

    truth, answer = _column(test, target), _column(predictions, "prediction")
    if len(truth) != len(answer):
        raise ValueError(f"{predictions} has {len(answer)} rows, {test} has {len(truth)}")
    if task == "regress":
        y, p = np.array(truth, float), np.array(answer, float)
        return {"rmse": float(np.sqrt(np.mean((y - p) ** 2))), "r2": float(metrics.r2_score(y, p))}
    classes = sorted(set(truth), key=lambda label: (truth.count(label), label))
    if len(classes) != 2:
        raise ValueError(f"two classes are expected in {test}, found {classes}")
    y = np.array([label == classes[0] for label in truth])
    p = np.array(_column(predictions, f"probability_{classes[0]}"), float)
    return {
        "accuracy": float(np.mean([a == b for a, b in zip(truth, answer, strict=True)])),
        "roc_auc": float(metrics.roc_auc_score(y, p)),
        "average_precision": float(metrics.average_precision_score(y, p)),
        "log_loss": float(metrics.log_loss(y, np.clip(p, 1e-15, 1 - 1e-15))),
    }
