"""What every peer reads: the same two CSV files as pandas frames, without the labels of the test rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Frame", "dense", "imputed", "read"]

# Histogram gradient boosting takes no more categories than this. Text columns beyond it (names, tickets) are
# left out for every peer, as its user would.
MOST_CATEGORIES = 255


@dataclass(frozen=True)
class Frame:
    """Training and test rows.

    Args:
        x_train: Numbers as float64 with NaN, text as pandas categories (those of the training rows).
        y_train: Codes 0..K-1 for classification, else float64.
        x_test: As ``x_train``; an unseen category is missing.
        texts: The names of the category columns.
        classes: Sorted labels, empty for regression.
    """

    x_train: pd.DataFrame
    y_train: np.ndarray
    x_test: pd.DataFrame
    texts: list[str]
    classes: list[str]

    @property
    def numbers(self) -> list[str]:
        """The names of the number columns."""
        return [name for name in self.x_train if name not in self.texts]


def read(train_csv: Path, test_csv: Path, target: str, task: str) -> Frame:
    """Return the two files as a frame."""
    train, test = (
        pd.read_csv(path, dtype={target: str}, keep_default_na=False, na_values=[""]) for path in (train_csv, test_csv)
    )
    label, train, test = train[target], train.drop(columns=target), test.drop(columns=target)
    texts = [name for name in train if not pd.api.types.is_numeric_dtype(train[name])]
    crowded = [name for name in texts if train[name].nunique() > MOST_CATEGORIES]
    train, test = train.drop(columns=crowded), test.drop(columns=crowded)
    texts = [name for name in texts if name not in crowded]
    for name in train:
        if name in texts:
            known = pd.CategoricalDtype(sorted(train[name].dropna().astype(object).unique()))
            train[name], test[name] = train[name].astype(known), test[name].astype(known)
        else:
            train[name], test[name] = train[name].astype(float), test[name].astype(float)
    if task == "regress":
        return Frame(train, label.astype(float).to_numpy(), test, texts, [])
    classes = sorted(label.unique())
    codes = label.map({name: code for code, name in enumerate(classes)}).to_numpy(dtype=np.int64)
    return Frame(train, codes, test, texts, classes)


def dense(frame: Frame) -> Any:
    """Return the usual preparation for models that read numbers only: impute, mark, scale; one-hot.

    Returns:
        A scikit-learn transformer to put in front of an estimator.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    number = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    text = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer((number, frame.numbers), (text, frame.texts))


def imputed(frame: Frame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both parts with missing numbers replaced by the training median, for models that refuse them."""
    middle = frame.x_train[frame.numbers].median()
    return frame.x_train.fillna(middle), frame.x_test.fillna(middle)
