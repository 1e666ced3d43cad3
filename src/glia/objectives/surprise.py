"""Steps of a series that nothing before them announced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from glia.core.constraints import Above, Range
from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Spec, Specs, Turn

__all__ = ["Surprise"]


class Surprise(Objective):
    """Forecast the last steps of each window from those before them; the error says how strange they are.

    The score of a window looks at nothing that came later, so a running series can be watched with it. Huber's error
    keeps strange steps in the training rows from bending the forecast.

    Args:
        ahead: How many of the last steps are forecast.
        delta: Where the error turns from square to straight, in standard deviations of a variable.

    Example:
        >>> objective = Surprise()
        >>> series = Spec(("time", "variable"), (4, 1), center=(10.0,), spread=(5.0,))
        >>> role = objective.roles({"series": series}, {})["net"]
        >>> role.inputs["series"].size, role.output.size
        ((3, 1), (1, 1))
        >>> batch = Batch({"series": torch.full((1, 4, 1), 20.0)}, torch.ones(1), torch.arange(1))
        >>> objective.offers()["predict"].call({"net": lambda batch: torch.zeros(1, 1, 1)}, batch).tolist()
        [[2.0]]
    """

    turns = (Turn(),)
    readout = "anomaly"
    metrics = ("nab", "roc_auc", "average_precision")

    def __init__(self, *, ahead: Annotated[int, Range(1)] = 1, delta: Annotated[float, Above(0)] = 1.0) -> None:
        self.ahead = ahead
        self.delta = delta
        self.center, self.spread = torch.zeros(1), torch.ones(1)

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return one network that reads all but the last steps and says those."""
        series = given["series"]
        self.center = torch.tensor(series.center or (0.0,))
        self.spread = torch.tensor(series.spread or (1.0,)).clamp_min(1e-12)
        length, width = int(series.size[0] or 0), series.width
        seen = {"series": replace(series, size=(length - self.ahead, width))}
        output = Spec(series.axes, (self.ahead, width), names=series.names, center=series.center, spread=series.spread)
        return {"net": Role(seen, output)}

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the mean error of each row's last steps."""
        gap = self._gap(nets, batch)
        error = F.huber_loss(gap, torch.zeros_like(gap), reduction="none", delta=self.delta)
        return Loss(error.mean((1, 2)), batch.weight)

    def offers(self) -> dict[str, Offer]:
        """Offer the root mean square of what was not foreseen, (N, 1), in standard deviations."""
        call = self._score
        return {
            "predict": Offer("predict", "how strange the last steps of a row are", call),
            "score": Offer("score", "how strange the last steps of a row are", call),
        }

    def _gap(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        series = batch.values["series"]
        truth = ((series[:, -self.ahead :].float() - self.center) / self.spread).nan_to_num(0.0)
        seen = batch.having(series=series[:, : -self.ahead])
        return nets["net"](seen).float() - truth

    def _score(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        return self._gap(nets, batch).square().mean((1, 2)).sqrt()[:, None]
