"""What is unlike all that was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from torch import Tensor

from glia.core.constraints import Range
from glia.core.values import Batch, Loss, Offer
from glia.objectives._givers import Error, Giver

__all__ = ["Anomaly"]


class Anomaly(Giver):
    """Learn to give back what is normal; what is given back badly is not.

    Rows known to be anomalous teach nothing: they serve to judge. For the other options see
    :class:`~glia.objectives._givers.Giver`.

    Args:
        error: How a number given back is compared.
        noise: Spread of the noise put on what is shown in training.
        variational: Whether the code is a distribution.
        beta: Weight of the code's divergence from a standard normal.
        normal: The code of normal rows, where a class is given.

    Example:
        >>> objective = Anomaly()
        >>> sorted(objective.offers())
        ['embed', 'predict', 'score']
    """

    readout = "anomaly"
    metrics = ("roc_auc", "average_precision", "f1")

    def __init__(
        self,
        *,
        error: Error = "mse",
        noise: Annotated[float, Range(0, 2)] = 0.1,
        variational: bool = False,
        beta: Annotated[float, Range(0, 1000)] = 1.0,
        normal: Annotated[int, Range(0)] = 0,
    ) -> None:
        super().__init__(error=error, noise=noise, variational=variational, beta=beta)
        self.normal = normal

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the error of each row; rows known to be anomalous weigh nothing."""
        loss = super().loss(turn, nets, batch, generator)
        target = batch.values.get("target")
        if target is None or target.dim() != 2:
            return loss
        return Loss(loss.value, loss.weight * (target[:, 0] == self.normal), loss.parts)

    def offers(self) -> dict[str, Offer]:
        """Offer the error of what is given back, (N, 1), and the code."""
        offers = super().offers()
        return {**offers, "predict": Offer("predict", "how strange a row is", self._score)}
