"""A text from another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor

from glia.core.constraints import Range
from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Spec, Specs, Turn
from glia.objectives._likelihood import surprise
from glia.objectives._writing import PADDING, beam_search

__all__ = ["Translate"]


class Translate(Objective):
    """Write a text from another one, shown the truth so far in training (teacher forcing; Williams & Zipser 1989).

    Rows are weighted by how many codes are asked for. The texts asked for begin with the start code and close with
    the end code.

    Args:
        smoothing: Share of the target spread over all codes (Szegedy et al. 2016).
        beams: Texts kept for each row while writing; 1 is greedy.
        penalty: 0 favors short texts, 1 compares by the mean of a code.
        longest: Most codes written.

    Example:
        >>> batch = Batch({"target": torch.tensor([[2, 5, 3, 0]])}, torch.ones(1), torch.arange(1))
        >>> nets = {"net": lambda batch: torch.zeros(1, 3, 8)}
        >>> loss = Translate(smoothing=0.0).loss("main", nets, batch, torch.Generator())
        >>> round(float(loss.mean()), 4), float(loss.weight[0])  # log 8; one word and the end
        (2.0794, 2.0)
    """

    turns = (Turn(),)
    readout = "text"
    metrics = ("bleu", "bleu_words", "chrf")
    decoded = True

    def __init__(
        self,
        *,
        smoothing: Annotated[float, Range(0, 0.9)] = 0.1,
        beams: Annotated[int, Range(1, 64)] = 4,
        penalty: Annotated[float, Range(0, 4)] = 1.0,
        longest: Annotated[int, Range(2)] = 128,
    ) -> None:
        self.smoothing, self.beams, self.penalty, self.longest = smoothing, beams, penalty, longest

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return one network that reads what is given and what is written so far."""
        target = asked["target"]
        labels = (target.classes or ((),))[0]
        inputs = {**given, "prefix": replace(target, dtype="int32")}
        return {"net": Role(inputs, Spec(("time", "next"), (None, len(labels)), names=labels))}

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the mean cross-entropy of each row's codes, weighted by their number."""
        target = batch.values["target"]
        truth = target[:, 1:].long()
        asked = truth != PADDING
        batch = replace(batch.having(prefix=target[:, :-1]), present={**batch.present, "prefix": asked})
        logits = nets["net"](batch)
        # A network that knows which places are asked answers for these alone.
        value_P = surprise(logits if logits.dim() == 2 else logits[asked], truth[asked], self.smoothing)
        count_B = asked.sum(1)
        sum_B = torch.zeros(len(target), device=value_P.device).index_add(0, asked.nonzero()[:, 0], value_P)
        return Loss(sum_B / count_B.clamp_min(1), batch.weight * count_B)

    def offers(self) -> dict[str, Offer]:
        """Offer the text written, (N, longest) int32 codes: the text, its end, padding."""
        return {"predict": Offer("predict", "codes of the text written", self._predict)}

    def _predict(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        return beam_search(nets["net"], batch, beams=self.beams, longest=self.longest, penalty=self.penalty)
