"""The steps ahead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from glia.core.constraints import Above
from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Spec, Specs, Turn

__all__ = ["Forecast"]

_LEAST = 0.01
"""Of a window's mean size: what keeps steps near zero from counting more than all others."""
LEVELS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95)


class Forecast(Objective):
    """Error of the steps ahead in standard deviations of each variable; offers points or quantiles in its units.

    A step that is missing in the truth (not a number) counts nothing. Where series are of very different size, an error
    in shares of what was right lets each of them count alike.

    Args:
        error: ``"mse"`` aims at the mean, ``"mae"`` at the median, ``"huber"`` between them, ``"quantile"`` at nine
            quantiles from 0.05 to 0.95 (Koenker & Bassett 1978), ``"relative"`` at small errors in shares of the size
            of answer and truth, whatever a series' own weight (Makridakis 1993), for series without a sign.
        delta: Where Huber's error turns from square to straight, in standard deviations.

    Example:
        >>> target = Spec(("time", "variable"), (2, 1), center=(10.0,), spread=(5.0,))
        >>> objective = Forecast()
        >>> objective.roles({}, {"target": target})["net"].output.size
        (2, 1)
        >>> batch = Batch({"target": torch.full((1, 2, 1), 20.0)}, torch.ones(1), torch.arange(1))
        >>> nets = {"net": lambda batch: torch.zeros(1, 2, 1)}
        >>> float(objective.loss("main", nets, batch, torch.Generator()).mean())  # two standard deviations, squared
        4.0
        >>> objective.offers()["predict"].call(nets, batch).flatten().tolist()
        [10.0, 10.0]
    """

    turns = (Turn(),)
    readout = "forecast"
    metrics = ("mse_scaled", "mae_scaled", "mase", "smape", "mae", "rmse", "crps", "coverage")

    def __init__(
        self,
        *,
        error: Literal["mse", "mae", "huber", "quantile", "relative"] = "mse",
        delta: Annotated[float, Above(0)] = 1.0,
    ) -> None:
        self.error = error
        self.delta = delta
        self.levels = LEVELS if error == "quantile" else ()
        self.center, self.spread = torch.zeros(1), torch.ones(1)

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return one network that says every step of every variable, and every quantile where those are asked for."""
        target = asked["target"]
        self.center = torch.tensor(target.center or (0.0,))
        self.spread = torch.tensor(target.spread or (1.0,)).clamp_min(1e-12)
        axes, size = (*target.axes, "quantile"), (*target.size, len(self.levels))
        if not self.levels:
            axes, size = target.axes, target.size
        return {"net": Role(given, Spec(axes, size, names=target.names, center=target.center, spread=target.spread))}

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the mean error of each row's steps and variables."""
        ahead = nets["net"](batch).float()
        truth_BHV = (batch.values["target"].float() - self.center) / self.spread
        there_BHV = truth_BHV.isfinite()
        error_BHV = self._error(ahead, truth_BHV.where(there_BHV, 0.0)) * there_BHV
        share_B = there_BHV.float().mean((1, 2))
        weight_B = (batch.weight > 0) if self.error == "relative" else batch.weight
        return Loss(error_BHV.mean((1, 2)) / share_B.clamp_min(1e-12), weight_B * share_B)

    def _error(self, ahead: Tensor, truth_BHV: Tensor) -> Tensor:
        match self.error:
            case "mse":
                return (ahead - truth_BHV).square()
            case "mae":
                return (ahead - truth_BHV).abs()
            case "huber":
                return F.huber_loss(ahead, truth_BHV, reduction="none", delta=self.delta)
            case "relative":
                said, right = (one * self.spread + self.center for one in (ahead, truth_BHV))
                size = said.abs() + right.abs() + _LEAST * right.abs().mean(1, keepdim=True) + 1e-6 * self.spread
                return 2 * (said - right).abs() / size
            case _:
                levels = torch.tensor(self.levels)
                short = truth_BHV[..., None] - ahead
                return torch.maximum(levels * short, (levels - 1) * short).mean(-1)

    def offers(self) -> dict[str, Offer]:
        """Offer points (N, H, V) or ascending quantiles (N, H, V, Q), in the units of each variable."""
        return {"predict": Offer("predict", "steps ahead", self._predict)}

    def _predict(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        ahead = nets["net"](batch).float()
        if not self.levels:
            return ahead * self.spread + self.center
        # Quantiles that cross are put in order, which brings them closer to the truth (Chernozhukov et al. 2010).
        return ahead.sort(-1).values * self.spread[:, None] + self.center[:, None]
