"""What is unlike all that was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from torch import Tensor

from glia.core.constraints import Range
from glia.core.values import Batch, Loss, Offer
from glia.objectives._givers import Error, Giver
from glia.objectives._likeness import likeness

__all__ = ["Anomaly"]


class Anomaly(Giver):
    """Learn to give back what is normal; what is given back badly is not.

    Pictures are also shown turned, and have to be given back upright (attribute restoration; Fei et al. 2020). Copying
    does not help with that: a network must know what stands where in ordinary pictures, and what it does not know
    stays turned. Rows known to be anomalous teach nothing: they serve to judge. For the other options see
    :class:`~glia.objectives._givers.Giver`.

    Args:
        error: How a number given back is compared.
        noise: Spread of the noise put on what is shown in training.
        variational: Whether the code is a distribution.
        beta: Weight of the code's divergence from a standard normal.
        normal: The code of normal rows, where a class is given.
        turn: Whether pictures are also shown turned; of no use where nothing is upright, as in textures.

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
        turn: bool = True,
    ) -> None:
        super().__init__(error=error, noise=noise, variational=variational, beta=beta)
        self.normal = normal
        self.turn = turn

    @property
    def turns_shown(self) -> tuple[int, ...]:
        """By how many quarters pictures are turned; one that is not square only stands or is upside down."""
        if not self.turn or self.flat is not None:
            return (0,)
        return (0, 1, 2, 3) if self.size[1:2] == self.size[2:3] else (0, 2)

    @property
    def passes(self) -> int:  # type: ignore[override]
        """How often a network looks at a row: once for each turn."""
        return len(self.turns_shown)

    def noisy(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Return the batch with noise on what the network is shown, each picture turned by chance."""
        shown, ways = super().noisy(batch, generator), self.turns_shown
        if len(ways) == 1:
            return shown
        pictures = shown.values["image"]
        drawn = torch.randint(len(ways), (len(pictures),), generator=generator).to(pictures.device)
        every = torch.stack([torch.rot90(pictures, way, (2, 3)) for way in ways])
        return shown.having(image=every[drawn, torch.arange(len(pictures), device=pictures.device)])

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
        """Offer how strange a row is, the plain error, and the code."""
        return {**super().offers(), "predict": Offer("predict", "how strange a row is", self._strange)}

    def _strange(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        """Return the error of rows of a table, (B, 1); of pictures two errors and the code, (B, 2 + Z).

        The errors are the logarithm of the plain one and how unlike the pictures look, over all turns.
        """
        if self.flat is not None:
            return self._score(nets, batch)
        goal, found, codes = self.goal(batch), [], []
        for way in self.turns_shown:
            output = nets["net"](batch.having(image=torch.rot90(batch.values["image"], way, (2, 3))))
            back, code = self.given_back(output)
            unlike = 1 - likeness(back.unflatten(1, self.size), goal.unflatten(1, self.size))
            found.append(torch.stack([self.errors(output, goal).clamp_min(1e-12).log(), unlike], 1))
            codes.append(code.chunk(2, 1)[0] if self.variational else code)
        return torch.cat([torch.stack(found).mean(0), codes[0]], 1)
