"""One or several numbers for every row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from glia.core.constraints import Above, Range
from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Spec, Specs, Turn
from glia.objectives._members import members, spread

__all__ = ["Regress"]


class Regress(Objective):
    """Squared, absolute, Huber, quantile or Poisson error on standardized targets; offers standardized points.

    Args:
        error: ``"mse"`` aims at the mean, ``"mae"`` at the median, ``"huber"`` between them (Huber 1964),
            ``"quantile"`` at a quantile (Koenker & Bassett 1978), ``"poisson"`` at the rate of counts, the network
            giving its logarithm.
        delta: Where Huber's error turns from square to straight, in standard deviations of the target.
        quantile: The quantile aimed at.
        center: The mean of each target, in its units, by which targets were standardized (Poisson needs counts back).
        scale: The standard deviation of each target, likewise.

    Example:
        >>> batch = Batch({"target": torch.tensor([[1.0]])}, torch.ones(1), torch.arange(1))
        >>> nets = {"net": lambda batch: torch.zeros(1, 1)}
        >>> float(Regress().loss("main", nets, batch, torch.Generator()).mean())
        1.0
    """

    turns = (Turn(),)
    readout = "regress"
    metrics = ("rmse", "mae", "r2", "median_error")
    watch = "rmse"
    decoded = True

    def __init__(
        self,
        *,
        error: Literal["mse", "mae", "huber", "quantile", "poisson"] = "mse",
        delta: Annotated[float, Above(0)] = 1.0,
        quantile: Annotated[float, Range(0.001, 0.999)] = 0.5,
        center: tuple[float, ...] = (0.0,),
        scale: tuple[float, ...] = (1.0,),
    ) -> None:
        self.error = error
        self.delta = delta
        self.quantile = quantile
        self.center = torch.tensor(center, dtype=torch.float32)
        self.scale = torch.tensor(scale, dtype=torch.float32)

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return one network with a number per target."""
        target = asked["target"]
        return {"net": Role(given, Spec(("target",), (target.width,), names=target.names))}

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the error of each row, averaged over targets and members."""
        point_BMT = members(nets["net"](batch)).float()
        target_BMT = spread(batch.values["target"], point_BMT)
        return Loss(self._error(point_BMT, target_BMT).mean((1, 2)), batch.weight)

    def _error(self, point: Tensor, target: Tensor) -> Tensor:
        match self.error:
            case "mse":
                return (point - target).square()
            case "mae":
                return (point - target).abs()
            case "huber":
                return F.huber_loss(point, target, reduction="none", delta=self.delta)
            case "quantile":
                short = target - point
                return torch.maximum(self.quantile * short, (self.quantile - 1) * short)
            case _:
                return F.poisson_nll_loss(point, self._counts(target), log_input=True, reduction="none")

    def _counts(self, standardized: Tensor) -> Tensor:
        return (standardized * self.scale + self.center).clamp_min(0)

    def offers(self) -> dict[str, Offer]:
        """Offer standardized points, (N, T)."""
        return {"predict": Offer("predict", "standardized predictions", self._predict)}

    def _predict(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        point_BMT = members(nets["net"](batch)).float()
        if self.error == "poisson":
            return ((point_BMT.exp().mean(1)) - self.center) / self.scale
        return point_BMT.mean(1)
