"""The variational autoencoder."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.coders import Decoder, Encoder, goal_width

__all__ = ["VAE"]


class VAE(Net):
    """A variational autoencoder (Kingma & Welling 2014): a code with noise, so that codes drawn at random make sense.

    In training the code is drawn from the normal distribution that the encoder gives, otherwise it is its mean. A
    batch that brings a group ``"latent"`` (B, Z) is decoded only. The answer is what it gives back, and after it the
    means and the logarithms of the variances.

    Args:
        inputs: The groups it reads: pictures, or else the columns of a table.
        output: What it gives back: a picture, or the features of a row.
        code: Numbers of the code.
        width: Channels of the first and the last convolution.

    Raises:
        UsageError: Something else is asked for than what it is shown.

    Example:
        >>> spec = Spec(("channel", "height", "width"), (1, 28, 28), "uint8")
        >>> net = VAE({"image": spec}, Spec(spec.axes, spec.size), code=8, width=4)
        >>> net(Batch({"latent": torch.zeros(2, 8)}, torch.ones(2), torch.arange(2))).shape
        torch.Size([2, 784])
    """

    suits = MappingProxyType(
        {"lr": 3e-3, "weight_decay": 1e-4, "batch_size": 64, "schedule": "one_cycle", "epochs": 60}
    )
    takes = frozenset({"image", "number", "category", "dense"})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        code: Annotated[int, Range(1)] = 16,
        width: Annotated[int, Range(1)] = 16,
    ) -> None:
        super().__init__(inputs, output)
        goal_width(output)
        self.encoder = Encoder(inputs, width)
        self.code = nn.Linear(self.encoder.width, 2 * code)
        self.output_layer = Decoder(code, output, width)

    def features(self, batch: Batch) -> Tensor:
        """Return the means and the logarithms of the variances of the code, (B, 2 Z)."""
        mean, spread = self.code(self.encoder(batch)).float().chunk(2, 1)
        return torch.cat([mean, spread.clamp(-12, 12)], 1)

    def head(self, features: Tensor) -> Tensor:
        """Return what is given back, flat, and the code behind it, (B, D + 2 Z)."""
        mean, spread = features.chunk(2, 1)
        code = mean + torch.randn_like(mean) * (0.5 * spread).exp() if self.training else mean
        return torch.cat([self.output_layer(code).float(), features], 1)

    def forward(self, batch: Batch) -> Tensor:
        """Return ``head(features(batch))``, or what a given code stands for, (B, D)."""
        if "latent" in batch.values:
            return self.output_layer(batch.values["latent"])
        return self.head(self.features(batch))
