"""Several yes-or-no questions for every row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Spec, Specs, Turn
from glia.objectives._members import members, spread

__all__ = ["Multilabel"]


class Multilabel(Objective):
    """Binary cross-entropy per label, averaged over labels; offers a logit per label.

    Args:
        positive_weight: A weight per label for its rarer "yes" rows.

    Example:
        >>> batch = Batch({"target": torch.tensor([[0, 1]])}, torch.ones(1), torch.arange(1))
        >>> nets = {"net": lambda batch: torch.zeros(1, 2)}
        >>> round(float(Multilabel().loss("main", nets, batch, torch.Generator()).mean()), 4)  # log 2
        0.6931
    """

    turns = (Turn(),)
    readout = "multilabel"
    metrics = (
        "accuracy",
        "balanced_accuracy",
        "precision",
        "recall",
        "f1",
        "roc_auc",
        "average_precision",
        "log_loss",
        "brier",
        "calibration_error",
    )
    watch = "log_loss"

    def __init__(self, *, positive_weight: Sequence[float] | None = None) -> None:
        self.positive_weight = None if positive_weight is None else torch.tensor(positive_weight)

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return one network with a logit per label."""
        target = asked["target"]
        return {"net": Role(given, Spec(("label",), (target.width,), names=target.names))}

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the mean binary cross-entropy of each row's labels."""
        logits_BMT = members(nets["net"](batch)).float()
        target_BMT = spread(batch.values["target"].float(), logits_BMT)
        value = F.binary_cross_entropy_with_logits(
            logits_BMT, target_BMT, reduction="none", pos_weight=self.positive_weight
        )
        return Loss(value.mean((1, 2)), batch.weight)

    def offers(self) -> dict[str, Offer]:
        """Offer logits, (N, T)."""
        return {"predict": Offer("predict", "logits of the labels", _predict)}


def _predict(nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
    return torch.logit(members(nets["net"](batch)).float().sigmoid().mean(1), eps=1e-7)
