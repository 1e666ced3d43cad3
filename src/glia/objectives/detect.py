"""Objects in a picture: where each is, and of which class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Spec, Specs, Turn
from glia.objectives._boxes import assigned, overlap

__all__ = ["Detect"]

_KEPT, _MOST = 200, 1000
"""Boxes of a class, and of a picture, that are kept before those of one object are sifted.

Each class has room of its own: a crowd of one class would leave none to a rare and small one, which is never as sure.
"""


class Detect(Objective):
    """Focal loss on the quality of boxes, and one minus their generalized overlap.

    A network answers (B, A, 6 + K): of each place the box seen from it (left, top, right, bottom), the place (x, y),
    all in shares of the picture, and a logit per class. The score that a place learns is the overlap that its box
    reaches (quality focal loss; Li et al. 2020), so that scores rank boxes as they deserve.

    Args:
        focal: Exponent that turns attention to places that are still wrong (Lin et al. 2017).
        box: Weight of the boxes' loss; that of the scores is 1.

    Example:
        >>> target = torch.tensor([[[0, 0.2, 0.2, 0.8, 0.8]]])
        >>> batch = Batch({"target": target}, torch.ones(1), torch.arange(1))
        >>> said = torch.tensor([[[0.2, 0.2, 0.8, 0.8, 0.5, 0.5, 9.0]]])  # the right box, and sure of it
        >>> loss = Detect().loss("main", {"net": lambda batch: said}, batch, torch.Generator())
        >>> round(float(loss.mean()), 3)
        0.0
    """

    turns = (Turn(),)
    readout = "detect"
    metrics = ("mean_average_precision_50", "mean_average_precision")
    watch = "mean_average_precision_50"

    def __init__(
        self, *, focal: Annotated[float, Range(0, 10)] = 2.0, box: Annotated[float, Range(0, 100)] = 2.0
    ) -> None:
        self.focal = focal
        self.box = box

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return one network with a box and a logit per class for each place."""
        (labels,) = asked["target"].classes or ((),)
        return {"net": Role(given, Spec(("box", "class"), (None, len(labels)), names=labels))}

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the loss of each picture, over what its places should reach in all."""
        said = nets["net"](batch).float()
        objects = batch.values["target"]
        boxes, logits_BAK = said[..., :4], said[..., 6:]
        score_BAK = logits_BAK.sigmoid()
        if objects.shape[1]:
            whose, quality_BA = assigned(boxes.detach(), said[..., 4:6].detach(), score_BAK.detach(), objects)
        else:
            whose, quality_BA = said.new_zeros(said.shape[:2]).long(), said.new_zeros(said.shape[:2])
            objects = objects.new_full((len(objects), 1, 5), -1.0)
        mine = objects.gather(1, whose[..., None].expand(-1, -1, 5))
        codes = mine[..., :1].long().clamp_min(0)
        wanted_BAK = torch.zeros_like(logits_BAK).scatter_(2, codes, quality_BA[..., None])
        entropy = F.binary_cross_entropy_with_logits(logits_BAK, wanted_BAK, reduction="none")
        wrong = (wanted_BAK - score_BAK).abs().clamp_min(1e-6) ** self.focal
        share = quality_BA.sum(1).clamp_min(1.0)
        scores = (wrong * entropy).sum((1, 2)) / share
        apart = 1 - overlap(boxes, mine[..., 1:])[1]
        # Every object counts alike, though few places answer for a small one and many for a large one.
        answers_BM = torch.zeros_like(objects[..., 0]).scatter_add_(1, whose, quality_BA)
        each_BA = quality_BA / answers_BM.gather(1, whose).clamp_min(1e-6)
        places = (apart * each_BA).sum(1) / (answers_BM > 0).sum(1).clamp_min(1)
        parts = {"scores": scores.detach(), "boxes": places.detach()}
        return Loss(scores + self.box * places, batch.weight, parts)

    def offers(self) -> dict[str, Offer]:
        """Offer the boxes of highest score, not yet sifted, (N, up to 1,000, 6)."""
        return {"predict": Offer("predict", "class, score, left, top, right, bottom of boxes", _predict)}


def _predict(nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
    """Return the best boxes of each class, best first; where there are fewer, padding of class -1 and score 0."""
    said = nets["net"](batch).float()
    places, classes = said.shape[1], said.shape[2] - 6
    each = said[..., 6:].sigmoid().transpose(1, 2).topk(min(_KEPT, places), 2)
    room = min(_MOST, classes * _KEPT)
    best = each.values.flatten(1).topk(min(room, each.values[0].numel()), 1)
    place = each.indices.flatten(1).gather(1, best.indices)
    codes = torch.div(best.indices, each.values.shape[2], rounding_mode="floor")
    boxes = said[..., :4].gather(1, place[..., None].expand(-1, -1, 4)).clamp(0, 1)
    found = torch.cat([codes[..., None].float(), best.values[..., None], boxes], -1)
    missing = found.new_zeros(found.shape[0], room - found.shape[1], 6)
    missing[..., 0] = -1
    return torch.cat([found, missing], 1)
