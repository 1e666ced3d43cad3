"""Peers built on torch, each as its own documentation trains a network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from bench.peers.speed_nets import net

__all__ = ["fastai", "lightning", "plain", "skorch"]


def _loader(data: Any, batch: int) -> DataLoader[Any]:
    rows = TensorDataset(torch.from_numpy(data["x"]), torch.from_numpy(data["y"]))
    return DataLoader(rows, batch_size=batch, shuffle=True)


def _module(name: str, data: Any) -> nn.Module:
    return net(name, math.prod(data["x"].shape[1:]))


def _answers(model: nn.Module, data: Any) -> np.ndarray:
    model.eval()
    with torch.no_grad():
        parts = torch.from_numpy(data["x_test"]).split(500)
        return torch.cat([model(part).argmax(1) for part in parts]).numpy()


def plain(name: str, data: Any, batch: int, epochs: int) -> Any:
    """Train as PyTorch's quickstart tutorial does."""
    model, loader = _module(name, data), _loader(data, batch)
    optimizer, criterion = torch.optim.Adam(model.parameters(), lr=1e-3), nn.CrossEntropyLoss()
    model.train()
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    return lambda: _answers(model, data)


def lightning(name: str, data: Any, batch: int, epochs: int) -> Any:
    """Train with a LightningModule and a Trainer that writes nothing."""
    import logging
    import warnings

    import lightning as pl

    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = _module(name, data)

        def training_step(self, batch: Any, _index: int) -> Any:
            x, y = batch
            return nn.functional.cross_entropy(self.model(x), y)

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=1e-3)

    module = Module()
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = pl.Trainer(max_epochs=epochs, accelerator="cpu", enable_model_summary=False, **quiet)
    trainer.fit(module, _loader(data, batch))
    return lambda: _answers(module.model, data)


def skorch(name: str, data: Any, batch: int, epochs: int) -> Any:
    """Train with a NeuralNetClassifier."""
    from skorch import NeuralNetClassifier

    model = NeuralNetClassifier(
        _module(name, data),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=batch,
        max_epochs=epochs,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
    )
    model.fit(data["x"], data["y"])
    return lambda: model.predict(data["x_test"])


def fastai(name: str, data: Any, batch: int, epochs: int) -> Any:
    """Train with a Learner."""
    from fastai.basics import Adam, DataLoaders, Learner
    from fastai.basics import DataLoader as Loader

    rows = TensorDataset(torch.from_numpy(data["x"]), torch.from_numpy(data["y"]))
    # A learner looks at validation rows after every pass; these are few, so that it costs next to nothing.
    few = TensorDataset(torch.from_numpy(data["x_test"][:batch]), torch.from_numpy(data["y_test"][:batch]))
    each = [Loader(part, bs=batch, shuffle=part is rows, num_workers=0) for part in (rows, few)]
    loaders = DataLoaders(*each, device=torch.device("cpu"))
    learner = Learner(loaders, _module(name, data), loss_func=nn.CrossEntropyLoss(), opt_func=Adam)
    with learner.no_logging():
        learner.fit(epochs, lr=1e-3, wd=0.0)
    return lambda: _answers(learner.model, data)
