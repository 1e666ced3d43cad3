"""The autoencoder."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.coders import Decoder, Encoder, goal_width

__all__ = ["Autoencoder"]


class Autoencoder(Net):
    """An autoencoder (Hinton & Salakhutdinov 2006): through a narrow code and back, so the code must say what matters.

    Pictures go through convolutions, rows of a table through layers. Its answer is what it gives back, and after it
    the code.

    Args:
        inputs: The groups it reads: pictures, or else the columns of a table.
        output: What it gives back: a picture, or the features of a row.
        code: Numbers of the code.
        width: Channels of the first and the last convolution.

    Raises:
        UsageError: Something else is asked for than what it is shown.

    Example:
        >>> spec = Spec(("channel", "height", "width"), (1, 28, 28), "uint8")
        >>> net = Autoencoder({"image": spec}, Spec(spec.axes, spec.size), code=8, width=4)
        >>> net(Batch({"image": torch.zeros(2, 1, 28, 28)}, torch.ones(2), torch.arange(2))).shape  # 784 + 8
        torch.Size([2, 792])
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
        code: Annotated[int, Range(1)] = 32,
        width: Annotated[int, Range(1)] = 16,
    ) -> None:
        super().__init__(inputs, output)
        goal_width(output)
        self.encoder = Encoder(inputs, width)
        self.code = nn.Linear(self.encoder.width, code)
        self.output_layer = Decoder(code, output, width)

    def features(self, batch: Batch) -> Tensor:
        """Return the code, (B, Z)."""
        return self.code(self.encoder(batch))

    def head(self, features: Tensor) -> Tensor:
        """Return what is given back, flat, and the code behind it, (B, D + Z)."""
        return torch.cat([self.output_layer(features), features], 1)
