"""A class for every pixel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Spec, Specs, Turn

__all__ = ["Segment"]


class Segment(Objective):
    """Cross-entropy of the pixels plus the Dice loss of the classes (Milletari et al. 2016).

    Cross-entropy asks every pixel alike, so small things count for little; Dice asks every class alike. Together they
    train steadily and care for both. Pixels whose code is beyond the classes (255 in many data sets: a border nobody
    wants to judge) are left out.

    Args:
        dice: Weight of the Dice loss; that of the cross-entropy is 1.
        smoothing: Share of the target spread over all classes.

    Example:
        >>> batch = Batch({"target": torch.zeros(1, 2, 2, dtype=torch.uint8)}, torch.ones(1), torch.arange(1))
        >>> nets = {"net": lambda batch: torch.zeros(1, 4, 2, 2)}
        >>> loss = Segment(dice=0).loss("main", nets, batch, torch.Generator())
        >>> round(float(loss.mean()), 4)  # log 4
        1.3863
    """

    turns = (Turn(),)
    readout = "segment"
    metrics = ("iou", "dice")

    def __init__(
        self, *, dice: Annotated[float, Range(0, 100)] = 1.0, smoothing: Annotated[float, Range(0, 0.9)] = 0.0
    ) -> None:
        self.dice = dice
        self.smoothing = smoothing

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return one network with a logit per class and pixel."""
        target = asked["target"]
        (labels,) = target.classes or ((),)
        output = Spec(("class", "height", "width"), (len(labels), *target.size), names=labels)
        return {"net": Role(given, output)}

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the loss of each picture; one without any pixel to judge weighs nothing."""
        logits_BKHW = nets["net"](batch).float()
        target_BHW = batch.values["target"].long()
        judged = target_BHW < logits_BKHW.shape[1]
        pixels = judged.sum((1, 2))
        codes = torch.where(judged, target_BHW, 0)
        entropy = F.cross_entropy(logits_BKHW, codes, reduction="none", label_smoothing=self.smoothing)
        value = (entropy * judged).sum((1, 2)) / pixels.clamp_min(1)
        parts = {"cross_entropy": value.detach()}
        if self.dice:
            missed = _dice_loss(logits_BKHW.softmax(1), codes, judged)
            value, parts["dice"] = value + self.dice * missed, missed.detach()
        return Loss(value, batch.weight * (pixels > 0), parts)

    def offers(self) -> dict[str, Offer]:
        """Offer log-probabilities of the pixels, (N, K, H, W)."""
        return {"predict": Offer("predict", "log-probabilities of the classes of each pixel", _predict)}


def _dice_loss(probability_BKHW: Tensor, codes_BHW: Tensor, judged_BHW: Tensor) -> Tensor:
    """Return 1 minus the mean Dice of the classes that a picture shows or is said to show, (B,)."""
    # scatter into zeros costs less than a one-hot of int64
    true = torch.zeros_like(probability_BKHW).scatter_(1, codes_BHW[:, None], 1.0) * judged_BHW[:, None]
    said = probability_BKHW * judged_BHW[:, None]
    right, sizes = (true * said).sum((2, 3)), (true + said).sum((2, 3))
    # One pixel on either side keeps a class that is nowhere from being a fault, and its gradient from exploding.
    return 1 - ((2 * right + 1) / (sizes + 1)).mean(1)


def _predict(nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
    return nets["net"](batch).float().log_softmax(1)
