"""Rows blended in pairs, inside any objective (Zhang et al. 2018, https://arxiv.org/abs/1710.09412)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from torch import Tensor

from glia.core.constraints import Above
from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Specs

__all__ = ["Mixup"]


class Mixup(Objective):
    """Blend each row with another one and ask for both answers in proportion; treats over-fitting.

    Numbers are blended; codes, which have no middle, are taken from either row with the probability of its share.

    Args:
        inner: The objective whose loss is asked for both rows.
        alpha: Parameter of the Beta distribution of the share; small values blend little.

    Example:
        >>> from glia.objectives.regress import Regress
        >>> batch = Batch({"number": torch.eye(2), "target": torch.eye(2)[:, :1]}, torch.ones(2), torch.arange(2))
        >>> nets = {"net": lambda batch: batch.values["number"][:, :1]}
        >>> loss = Mixup(Regress(), alpha=0.2).loss("main", nets, batch, torch.Generator().manual_seed(0))
        >>> loss.value.shape
        torch.Size([2])
    """

    couples = "batch"

    def __init__(self, inner: Objective, *, alpha: Annotated[float, Above(0)] = 0.2) -> None:
        self.inner = inner
        self.alpha = alpha
        self.turns = inner.turns
        self.readout, self.metrics, self.watch, self.decoded = (
            inner.readout,
            inner.metrics,
            inner.watch,
            inner.decoded,
        )

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return the inner objective's roles."""
        return self.inner.roles(given, asked)

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the inner loss toward both rows of each pair, in proportion."""
        partner = torch.randperm(len(batch), generator=generator, device="cpu")
        # Beta(a, a) as a ratio of two Gamma draws, so that the objective's own generator is the only source of chance.
        gamma = torch._standard_gamma(torch.full((2,), self.alpha), generator=generator)
        share = float(gamma[0] / gamma.sum().clamp_min(1e-12))
        mixed: dict[str, Tensor] = {}
        for name, value in batch.values.items():
            if name == "target":
                continue
            other = value[partner]
            if value.is_floating_point():
                mixed[name] = share * value + (1 - share) * other
            else:
                keep = torch.rand(len(batch), generator=generator) < share
                mixed[name] = torch.where(keep.view(-1, *[1] * (value.dim() - 1)), value, other)
        blended = batch.having(**mixed)
        answers: dict[str, Tensor] = {}

        def once(role: str) -> Callable[[Batch], Tensor]:
            # Both losses look at the same answer, so each network is run once.
            def call(_rows: Batch) -> Tensor:
                if role not in answers:
                    answers[role] = nets[role](blended)
                return answers[role]

            return call

        cached = {role: once(role) for role in nets}
        first = self.inner.loss(turn, cached, blended, generator)
        second = self.inner.loss(turn, cached, blended.having(target=batch.values["target"][partner]), generator)
        weight = share * first.weight + (1 - share) * second.weight
        total = share * first.value * first.weight + (1 - share) * second.value * second.weight
        return Loss(total / weight.clamp_min(1e-12), weight)

    def offers(self) -> dict[str, Offer]:
        """Offer what the inner objective offers."""
        return self.inner.offers()
