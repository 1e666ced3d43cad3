"""A perceptron in skorch: two hidden layers of 128, Adam, early stopping with the best weights kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.peers import _frame

__all__ = ["fit_predict"]


def fit_predict(train_csv: Path, test_csv: Path, target: str, task: str, seed: int) -> np.ndarray:
    """Fit and predict."""
    import torch
    from skorch import NeuralNetClassifier, NeuralNetRegressor
    from skorch.callbacks import EarlyStopping
    from torch import nn

    torch.manual_seed(seed)
    frame = _frame.read(train_csv, test_csv, target, task)
    table = _frame.dense(frame)
    x_train = table.fit_transform(frame.x_train).astype(np.float32)
    x_test = table.transform(frame.x_test).astype(np.float32)
    width = len(frame.classes) or 1
    layers = [nn.Linear(x_train.shape[1], 128), nn.ReLU(), nn.Dropout(0.1)]
    layers += [nn.Linear(128, 128), nn.ReLU(), nn.Dropout(0.1), nn.Linear(128, width)]
    options = {
        "max_epochs": 200,
        "optimizer": torch.optim.Adam,
        "lr": 1e-3,
        "iterator_train__shuffle": True,
        "callbacks": [EarlyStopping(patience=10, load_best=True)],
        "verbose": 0,
    }
    if task == "regress":
        y_train = frame.y_train.astype(np.float32)[:, None]
        return NeuralNetRegressor(nn.Sequential(*layers), **options).fit(x_train, y_train).predict(x_test)
    net = NeuralNetClassifier(nn.Sequential(*layers), criterion=nn.CrossEntropyLoss, **options)
    # skorch applies the softmax itself where the criterion is cross entropy.
    return net.fit(x_train, frame.y_train).predict_proba(x_test)
