"""What reconstruction and anomaly detection share: a network that gives back what it was shown.

Legend: B = rows, D = numbers given back, Z = numbers of the code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Spec, Specs, Turn, derived
from glia.nets.blocks.inputs import Flat

__all__ = ["Error", "Giver"]

Error = Literal["mse", "mae", "bce"]


class Giver(Objective):
    """Loss of what is given back against what was shown, or against a picture asked for.

    The network answers (B, D) or a picture, and may add its code behind it, (B, D + Z); a variational one adds means
    and log-variances, (B, D + 2 Z). Pictures are given back through a sigmoid, in shares of full brightness; rows of
    a table as their features: numbers, one-hot categories, dense features.

    Args:
        error: How a number given back is compared: square, distance, or cross-entropy (pictures only).
        noise: Spread of the noise put on what is shown in training, in shares of full brightness, or of the spread of
            a number: what is given back has to be without it (Vincent et al. 2008).
        variational: Whether the code is a distribution (Kingma & Welling 2014); the network is then ``vae``.
        beta: Weight of the code's divergence from a standard normal (Higgins et al. 2017).
    """

    turns = (Turn(),)

    def __init__(
        self,
        *,
        error: Error = "mse",
        noise: Annotated[float, Range(0, 2)] = 0.0,
        variational: bool = False,
        beta: Annotated[float, Range(0, 1000)] = 1.0,
    ) -> None:
        self.error = error
        self.noise = noise
        self.variational = variational
        self.beta = beta
        self.size: tuple[int, ...] = ()
        self.flat: Flat | None = None

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return one network that gives back a picture, or else the features of a row."""
        target = asked.get("target")
        goal = target if target is not None and len(target.size) == 3 else given.get("image")
        if goal is not None:
            self.size, self.flat = tuple(int(side or 0) for side in goal.size), None
            output = Spec(("channel", "height", "width"), self.size, names=goal.names)
        else:
            self.flat = Flat(given)
            self.size = (self.flat.width,)
            output = Spec(("feature",), self.size)
        return {"net": Role(given, output, net="vae" if self.variational else None)}

    @property
    def width(self) -> int:
        """D, how many numbers are given back."""
        product = 1
        for side in self.size:
            product *= side
        return product

    def goal(self, batch: Batch) -> Tensor:
        """Return what should be given back, (B, D): pixels in shares of full brightness, or features."""
        if self.flat is not None:
            return self.flat(batch)
        target = batch.values.get("target")
        picture = target if target is not None and target.dim() == 4 else batch.values["image"]
        return picture.flatten(1).float() / 255

    def given_back(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the network gave back, (B, D), on the goal's scale, and the code behind it, (B, Z or 0)."""
        flat = output.flatten(1).float()
        shown, code = flat[:, : self.width], flat[:, self.width :]
        return (shown if self.flat is not None else shown.sigmoid()), code

    def errors(self, output: Tensor, goal: Tensor) -> Tensor:
        """Return the mean error of each row, (B,)."""
        if self.error == "bce" and self.flat is None:
            logits = output.flatten(1).float()[:, : self.width]
            return F.binary_cross_entropy_with_logits(logits, goal, reduction="none").mean(1)
        gap = self.given_back(output)[0] - goal
        return (gap.abs() if self.error == "mae" else gap.square()).mean(1)

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the error of each row; of a variational one, the bound on its likelihood per number given back."""
        output = nets["net"](self.noisy(batch, generator))
        error = self.errors(output, self.goal(batch))
        if not self.variational:
            return Loss(error, batch.weight)
        mean, spread = self.given_back(output)[1].chunk(2, 1)
        apart = 0.5 * (mean.square() + spread.exp() - 1 - spread).sum(1)
        # A normal likelihood whose variance is each row's own error (Rybkin et al. 2021): no scale has to be set.
        fit = error * self.width if self.error == "bce" else 0.5 * self.width * (error + 1e-6).log()
        parts = {"error": error.detach(), "divergence": apart.detach()}
        return Loss((fit + self.beta * apart) / self.width, batch.weight, parts)

    def noisy(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Return the batch with noise on what the network is shown."""
        if not self.noise:
            return batch
        if self.flat is None:
            picture = batch.values["image"].float()
            drawn = torch.randn(picture.shape, generator=generator) * (255 * self.noise)
            return batch.having(image=(picture + drawn).clamp(0, 255))
        numbers = {name: batch.values[name] for name in ("number",) if name in batch.values}
        drawn_on = {name: x + self.noise * torch.randn(x.shape, generator=generator) for name, x in numbers.items()}
        return batch.having(**drawn_on)

    def offers(self) -> dict[str, Offer]:
        """Offer what is given back, the error, the code, and of a variational network new pictures."""
        offers = {
            "predict": Offer("predict", "what is given back, pixels from 0 to 255", self._predict),
            "score": Offer("score", "the error of what is given back", self._score),
            "embed": Offer("embed", "the code", self._embed),
        }
        if self.variational:
            offers["sample"] = Offer("sample", "new ones like those it was trained on", self._sample)
        return offers

    def _predict(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        shown = self.given_back(nets["net"](batch))[0]
        return shown if self.flat is not None else 255 * shown.unflatten(1, self.size)

    def _score(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        return self.errors(nets["net"](batch), self.goal(batch))[:, None]

    def _embed(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        shown, code = self.given_back(nets["net"](batch))
        found = code.chunk(2, 1)[0] if self.variational else code
        return found if found.shape[1] else shown

    def _sample(self, nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
        """Return one for each row, whose number decides which; what the rows hold is not looked at."""
        code = self._embed(nets, batch.take(slice(0, 1)))
        drawn = [
            torch.randn(code.shape[1], generator=torch.Generator().manual_seed(derived(0, "sample", row)))
            for row in batch.row.tolist()
        ]
        shown = self.given_back(nets["net"](batch.having(latent=torch.stack(drawn).to(code))))[0]
        return shown if self.flat is not None else 255 * shown.unflatten(1, self.size)
