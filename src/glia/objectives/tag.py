"""A label for every word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.errors import UsageError
from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Spec, Specs, Turn

__all__ = ["Tag"]

_PADDING = 0


class Tag(Objective):
    """Cross-entropy of a label at every place; rows are weighted by how many labels they have.

    The target is (B, L) codes beside the words, 0 where there is no word and hence no label. Answers are codes, too,
    which the schema turns into labels with spaces between.

    Args:
        smoothing: Share of the target spread over all labels (Szegedy et al. 2016).

    Example:
        >>> batch = Batch({"target": torch.tensor([[1, 2, 0]])}, torch.ones(1), torch.arange(1))
        >>> nets = {"net": lambda batch: torch.zeros(1, 3, 4)}
        >>> loss = Tag().loss("main", nets, batch, torch.Generator())
        >>> round(float(loss.mean()), 4), float(loss.weight[0])  # log 4; two words
        (1.3863, 2.0)
    """

    turns = (Turn(),)
    readout = "text"
    metrics = ("token_accuracy", "token_f1", "entity_f1")
    decoded = True

    def __init__(self, *, smoothing: Annotated[float, Range(0, 0.9)] = 0.0) -> None:
        self.smoothing = smoothing

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return one network with a logit for every label at every place."""
        labels = (asked["target"].classes or ((),))[0]
        return {"net": Role(given, Spec(("time", "class"), (None, len(labels)), names=labels))}

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the mean cross-entropy of each row's labels, weighted by their number."""
        logits = _logits(nets, batch)
        truth = _as_long(batch.values["target"], logits.shape[1])
        value_BL = F.cross_entropy(
            logits.flatten(0, 1),
            truth.flatten(),
            reduction="none",
            ignore_index=_PADDING,
            label_smoothing=self.smoothing,
        ).view(truth.shape)
        count_B = (truth != _PADDING).sum(1)
        return Loss(value_BL.sum(1) / count_B.clamp_min(1), batch.weight * count_B)

    def offers(self) -> dict[str, Offer]:
        """Offer the code of the likeliest label at every place, (N, L) int64; 0 where there is no word."""
        return {"predict": Offer("predict", "codes of the likeliest labels", _predict)}


def _as_long(target_BL: Tensor, length: int) -> Tensor:
    """Return the target as long as the text: trimmed apart, the two may differ by padding."""
    short = length - target_BL.shape[1]
    return F.pad(target_BL, (0, max(short, 0)))[:, :length].long()


def _predict(nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
    codes = _logits(nets, batch)[..., 1:].argmax(-1) + 1
    return codes.masked_fill(batch.values["token"][:, : codes.shape[1]] == _PADDING, _PADDING)


def _logits(nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
    logits = nets["net"](batch).float()
    if logits.dim() != 3:
        raise UsageError(
            "no_places",
            "this network answers for a whole text, and a label for every word is asked for",
            remedy="take a network that answers word by word: --net lstm, gru, rnn or transformer",
        )
    return logits
