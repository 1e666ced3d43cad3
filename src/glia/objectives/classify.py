"""One class of several for every row."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Spec, Specs, Turn
from glia.objectives._members import members, spread

__all__ = ["Classify"]


class Classify(Objective):
    """Cross-entropy, optionally smoothed, weighted by class, or focal; offers class probabilities.

    Args:
        smoothing: Share of the target spread over all classes (Szegedy et al. 2016), against over-confidence.
        focal: Exponent of the focal loss (Lin et al. 2017), which turns attention to rows that are still wrong.
        class_weight: A weight per class, in the order of the classes.

    Example:
        >>> batch = Batch({"target": torch.tensor([[0], [1]])}, torch.ones(2), torch.arange(2))
        >>> nets = {"net": lambda batch: torch.zeros(2, 4)}
        >>> round(float(Classify().loss("main", nets, batch, torch.Generator()).mean()), 4)  # log 4
        1.3863
    """

    turns = (Turn(),)
    readout = "classify"
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

    def __init__(
        self,
        *,
        smoothing: Annotated[float, Range(0, 0.9)] = 0.0,
        focal: Annotated[float, Range(0, 10)] = 0.0,
        class_weight: Sequence[float] | None = None,
    ) -> None:
        self.smoothing = smoothing
        self.focal = focal
        self.class_weight = None if class_weight is None else torch.tensor(class_weight, dtype=torch.float32)

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return one network with a logit per class."""
        (labels,) = asked["target"].classes or ((),)
        return {"net": Role(given, Spec(("class",), (len(labels),), names=labels))}

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the cross-entropy of each row, averaged over members."""
        logits_BMK = members(nets["net"](batch)).float()
        target = batch.values["target"]
        if target.is_floating_point():  # soft targets of mixup or a teacher, (B, K)
            chosen_BM = -(spread(target, logits_BMK) * logits_BMK.log_softmax(-1)).sum(-1)
            codes = target.argmax(-1)
        else:
            codes = target[:, 0]
            repeated = spread(codes, logits_BMK).flatten()
            chosen_BM = F.cross_entropy(
                logits_BMK.flatten(0, 1), repeated, reduction="none", label_smoothing=self.smoothing
            ).view(logits_BMK.shape[:2])
        if self.focal:
            chosen_BM = chosen_BM * (-torch.expm1(-chosen_BM)).clamp_min(1e-12) ** self.focal
        weight = batch.weight if self.class_weight is None else batch.weight * self.class_weight[codes]
        return Loss(chosen_BM.mean(1), weight)

    def offers(self) -> dict[str, Offer]:
        """Offer log-probabilities, (N, K)."""
        return {"predict": Offer("predict", "log-probabilities of the classes", self._predict)}

    def _predict(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        log_BMK = members(nets["net"](batch)).float().log_softmax(-1)
        log_BK = torch.logsumexp(log_BMK, 1) - math.log(log_BMK.shape[1])
        if self.class_weight is None:
            return log_BK
        # Training on weighted classes learns their weighted odds; dividing by the weights gives the true ones back.
        return (log_BK - self.class_weight.log()).log_softmax(-1)
