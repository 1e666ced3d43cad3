"""What comes next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Spec, Specs, Turn, derived
from glia.objectives._writing import PADDING, chosen_from, continued

__all__ = ["Generate"]


class Generate(Objective):
    """Predict each code of a text from those before it; offers new text.

    Rows are weighted by how many codes they hold, so that the loss is the mean over codes: its exponential is the
    perplexity.

    Args:
        length: Codes that the offer ``sample`` adds.
        temperature: How bold it is; 0 takes the likeliest code.
        top_k: How many of the likeliest codes it draws from; 0 for all.
        top_p: The probability that the codes it draws from have together.

    Example:
        >>> batch = Batch({"token": torch.tensor([[4, 5, 4, 0]])}, torch.ones(1), torch.arange(1))
        >>> nets = {"net": lambda batch: torch.zeros(1, 3, 8)}
        >>> loss = Generate().loss("main", nets, batch, torch.Generator())
        >>> round(float(loss.mean()), 4), float(loss.weight[0])  # log 8; two codes that follow another one
        (2.0794, 2.0)
    """

    turns = (Turn(),)
    readout = "generate"
    metrics = ("perplexity", "bits_per_character")

    def __init__(
        self,
        *,
        length: Annotated[int, Range(1)] = 200,
        temperature: Annotated[float, Range(0, 100)] = 0.8,
        top_k: Annotated[int, Range(0)] = 0,
        top_p: Annotated[float, Range(0.01, 1)] = 1.0,
    ) -> None:
        self.length, self.temperature, self.top_k, self.top_p = length, temperature, top_k, top_p

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return one network with a logit for every code at every place, which may not look ahead."""
        labels = (given["token"].classes or ((),))[0]
        return {"net": Role(given, Spec(("time", "next"), (None, len(labels)), names=labels))}

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the mean cross-entropy of each row's codes, weighted by their number."""
        known_BL = _log_probability(nets, batch)
        real_BL = batch.values["token"][:, 1:] != PADDING
        count_B = real_BL.sum(1)
        return Loss(-(known_BL * real_BL).sum(1) / count_B.clamp_min(1), batch.weight * count_B)

    def offers(self) -> dict[str, Offer]:
        """Offer the log-probability of each code, (N, L), not-a-number at padding; and texts continued."""
        return {
            "predict": Offer("predict", "log-probability of each code", self._predict),
            "sample": Offer("sample", "the texts continued", self._sample),
        }

    def sample(
        self,
        net: Callable[..., Tensor],
        batch: Batch,
        *,
        length: int,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
        ends: bool = True,
    ) -> Tensor:
        """Return texts with further codes, (B, L + length) int32; the same seed gives the same text.

        Args:
            net: The network.
            batch: The beginnings, ``"token"`` (B, L), at least one code each.
            length: Most codes to add.
            temperature: 0 takes the likeliest code, 1 draws as the network believes.
            top_k: How many of the likeliest codes are drawn from; 0 for all.
            top_p: The probability that the codes drawn from have together.
            seed: The seed of chance.
            ends: Whether a text ends at the end code.
        """
        chance = torch.Generator().manual_seed(derived(seed, "sample"))
        choose = partial(chosen_from, generator=chance, temperature=temperature, top_k=top_k, top_p=top_p)
        return continued(net, batch, length, choose, ends=ends)

    def _predict(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        real = batch.values["token"][:, 1:] != PADDING
        return _log_probability(nets, batch).masked_fill(~real, torch.nan)

    def _sample(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        return self.sample(
            nets["net"],
            batch,
            length=self.length,
            temperature=self.temperature,
            top_k=self.top_k,
            top_p=self.top_p,
        )


def _log_probability(nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
    """Return the log-probability of every code but the first, given those before it, (B, L - 1)."""
    tokens = batch.values["token"]
    logits = nets["net"](batch.having(token=tokens[:, :-1])).float()
    truth = tokens[:, 1:].long()
    return -F.cross_entropy(logits.flatten(0, 1), truth.flatten(), reduction="none").view(truth.shape)
