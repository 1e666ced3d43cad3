"""A part of each picture taken from another one, inside any objective."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from torch import Tensor

from glia.core.constraints import Above, Range
from glia.core.errors import UsageError
from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Specs

__all__ = ["CutMix"]


class CutMix(Objective):
    """Paste a rectangle of another picture into each one, and ask for both answers by their areas (Yun et al. 2019).

    A mask asked for gets the same rectangle of the other's mask. Columns beside the picture stay its own.

    Args:
        inner: The objective whose loss is asked.
        alpha: Parameter of the Beta distribution of the area that is kept; 1 = every area alike.
        p: Chance that a batch is treated.

    Raises:
        UsageError: Boxes are asked for, which a rectangle would cut.

    Example:
        >>> from glia.objectives.classify import Classify
        >>> picture = torch.zeros(2, 1, 8, 8, dtype=torch.uint8)
        >>> batch = Batch({"image": picture, "target": torch.tensor([[0], [1]])}, torch.ones(2), torch.arange(2))
        >>> nets = {"net": lambda batch: torch.zeros(2, 2)}
        >>> loss = CutMix(Classify()).loss("main", nets, batch, torch.Generator().manual_seed(0))
        >>> round(float(loss.mean()), 4)  # log 2
        0.6931
    """

    couples = "batch"

    def __init__(
        self,
        inner: Objective,
        *,
        alpha: Annotated[float, Above(0)] = 1.0,
        p: Annotated[float, Range(0, 1)] = 0.5,
    ) -> None:
        self.inner = inner
        self.alpha = alpha
        self.p = p
        self.turns = inner.turns
        self.readout, self.metrics, self.watch, self.decoded = (
            inner.readout,
            inner.metrics,
            inner.watch,
            inner.decoded,
        )

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return the inner objective's roles."""
        target = asked.get("target")
        if target is not None and target.axes[:1] == ("box",):
            raise UsageError("cutmix_unfit", "cutmix would cut the boxes asked for", remedy="leave it out for objects")
        return self.inner.roles(given, asked)

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the inner loss toward both rows of each pair, by the areas of their pictures."""
        treated = float(torch.rand(1, generator=generator)) < self.p
        partner = torch.randperm(len(batch), generator=generator)
        inside = self._rectangle(batch.values["image"], generator)
        if not treated:
            return self.inner.loss(turn, nets, batch, generator)
        pictures, target = batch.values["image"], batch.values["target"]
        mixed = batch.having(image=torch.where(inside, pictures[partner], pictures))
        if target.dim() >= 3:
            pasted = torch.where(inside, target[partner], target)
            return self.inner.loss(turn, nets, mixed.having(target=pasted), generator)
        share = 1 - float(inside.float().mean())
        answers: dict[str, Tensor] = {}

        def once(role: str) -> Callable[[Batch], Tensor]:
            # Both losses look at the same answer, so each network is run once.
            def call(_rows: Batch) -> Tensor:
                if role not in answers:
                    answers[role] = nets[role](mixed)
                return answers[role]

            return call

        cached = {role: once(role) for role in nets}
        first = self.inner.loss(turn, cached, mixed, generator)
        second = self.inner.loss(turn, cached, mixed.having(target=target[partner]), generator)
        weight = share * first.weight + (1 - share) * second.weight
        total = share * first.value * first.weight + (1 - share) * second.value * second.weight
        return Loss(total / weight.clamp_min(1e-12), weight)

    def _rectangle(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """Return (H, W) bool, true inside a rectangle whose area is drawn; one rectangle serves the whole batch."""
        gamma = torch._standard_gamma(torch.full((2,), self.alpha), generator=generator)
        cut = float(1 - gamma[0] / gamma.sum().clamp_min(1e-12)) ** 0.5
        sides = []
        for pixels in pictures.shape[2:]:
            middle = int(torch.randint(0, pixels, (1,), generator=generator))
            half = round(cut * pixels) / 2
            places = torch.arange(pixels) + 0.5
            sides.append((places > middle - half) & (places < middle + half))
        return sides[0][:, None] & sides[1][None, :]

    def offers(self) -> dict[str, Offer]:
        """Offer what the inner objective offers."""
        return self.inner.offers()
