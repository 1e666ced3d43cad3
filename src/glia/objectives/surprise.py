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


_STILL = 0.1**2
"""Beside the recent steps, one more that is a tenth of a standard deviation off: what hardly moved alarms nobody."""
_RECENT = 48


class Surprise(Objective):
    """Forecast the last steps of each window from those before them; what was usual lately says how strange they are.

    Two things are told in deviations of their own: the error of the forecast beside its errors at recent steps, and the
    value beside recent values. The larger one is the score, of the worst variable. A forecast sees shapes that values
    alone do not show; where few rows teach, values are surer; and what a series does for long is news only once. Errors
    beside recent errors are the anomaly likelihood of S. Ahmad et al., *Unsupervised real-time anomaly detection for
    streaming data*, 2017, without its average of the newest ones.

    The score of a window looks at nothing that came later, so a running series can be watched with it. Huber's error
    keeps strange steps in the training rows from bending the forecast.

    Args:
        ahead: How many of the last steps are forecast.
        recent: Steps before them that say what is usual; 0 = half of the window, at most 48.
        delta: Where the error turns from square to straight, in standard deviations of a variable.

    Example:
        >>> objective = Surprise()
        >>> series = Spec(("time", "variable"), (9, 1), center=(10.0,), spread=(5.0,))
        >>> role = objective.roles({"series": series}, {})["net"]
        >>> role.inputs["series"].size, role.output.size
        ((4, 1), (1, 1))
        >>> window = torch.tensor([8.0, 12, 8, 12, 8, 12, 8, 12, 30])[None, :, None]
        >>> batch = Batch({"series": window}, torch.ones(1), torch.arange(1))
        >>> score = objective.offers()["predict"].call({"net": lambda batch: torch.zeros(1, 1, 1)}, batch)
        >>> round(score.item(), 1)  # four standard deviations, where 0.4 is usual
        11.1
    """

    turns = (Turn(),)
    readout = "anomaly"
    metrics = ("nab", "roc_auc", "average_precision")

    def __init__(
        self,
        *,
        ahead: Annotated[int, Range(1)] = 1,
        recent: Annotated[int, Range(0)] = 0,
        delta: Annotated[float, Above(0)] = 1.0,
    ) -> None:
        self.ahead = ahead
        self.recent = recent or _RECENT
        self.half = not recent
        self.delta = delta
        self.center, self.spread = torch.zeros(1), torch.ones(1)

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return one network that reads some steps and says the next ones."""
        series = given["series"]
        self.center = torch.tensor(series.center or (0.0,))
        self.spread = torch.tensor(series.spread or (1.0,)).clamp_min(1e-12)
        length, width = int(series.size[0] or 0), series.width
        room = max(length - self.ahead - 1, 0)
        self.recent = min(self.recent, length // 2 if self.half else length, room)
        seen = {"series": replace(series, size=(length - self.ahead - self.recent, width))}
        output = Spec(series.axes, (self.ahead, width), names=series.names, center=series.center, spread=series.spread)
        return {"net": Role(seen, output)}

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the mean error of each row's last steps."""
        gap = self._gap(nets, batch)
        error = F.huber_loss(gap, torch.zeros_like(gap), reduction="none", delta=self.delta)
        return Loss(error.mean((1, 2)), batch.weight)

    @property
    def passes(self) -> int:  # type: ignore[override]
        """How often a network looks at a row: at its last steps and at each of the recent ones."""
        return 1 + self.recent

    def offers(self) -> dict[str, Offer]:
        """Offer how many times further off than usual the last steps of a row are, (N, 1)."""
        call = self._score
        return {
            "predict": Offer("predict", "how strange the last steps of a row are", call),
            "score": Offer("score", "how strange the last steps of a row are", call),
        }

    def _gap(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, back: int = 0) -> Tensor:
        """Return how far off the forecast of the last steps was, (B, A, V), some steps back."""
        series = batch.values["series"]
        end = series.shape[1] - back
        begin = self.recent - back  # every forecast sees as many steps
        seen = batch.having(series=series[:, begin : end - self.ahead])
        return nets["net"](seen).float() - self._standard(series[:, end - self.ahead : end])

    def _standard(self, series: Tensor) -> Tensor:
        return ((series.float() - self.center) / self.spread).nan_to_num(0.0)

    def _score(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        count = max(self.recent, 1)
        error_BV, *errors = (self._gap(nets, batch, back).square().mean(1) for back in range(self.recent + 1))
        lately = self._standard(batch.values["series"][:, -count - self.ahead :])
        before, last = lately[:, :count], lately[:, count:]
        off_BV = (last - before.mean(1, keepdim=True)).square().mean(1)
        more_B1 = last.new_full((len(last), 1), _STILL)
        past = batch.values.get("past")
        if past is not None:  # steps before the first row are as far off as any
            more_B1 = more_B1 + (count + self.ahead - 1 - past).clamp(0, count)
        of_errors = sum(errors, more_B1) / (count + 1)
        of_values = (count * before.var(1, unbiased=False) + more_B1) / (count + 1)
        return torch.maximum(error_BV / of_errors, off_BV / of_values).amax(1, keepdim=True).sqrt()
