"""The network of the fast recipe for small pictures."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.beside import Beside
from glia.nets.blocks.pixels import Pixels
from glia.nets.blocks.planes import BatchNorm2d, picture, plain_answer
from glia.nets.blocks.whitening import Whitening

__all__ = ["Sprint"]


class Sprint(Net):
    """A network made to be trained in few epochs (K. Jordan, 94% on CIFAR-10 in 3.29 seconds, 2024).

    Its first layer is not learned: it whitens 2 x 2 patches of the training pictures, which :meth:`prime` gets to see
    once. Three groups of two 3 x 3 convolutions follow, without shortcuts; their first channels begin as copies of
    what comes in (a partial identity), norms have biases only and forget their statistics quickly, and the answer is
    scaled down. Under SGD the biases of norms want 64 times the rate; Adam's steps need no such help.

    Args:
        inputs: The groups it reads: pictures, and columns of a table beside them.
        output: The answer's spec.
        width: Channels of the first group; the two others have four times as many.
        scale: Factor on the answer.
        bias_lr: Factor on the learning rate of the norms' biases.

    Example:
        >>> spec = Spec(("channel", "height", "width"), (3, 32, 32), "uint8")
        >>> net = Sprint({"image": spec}, Spec(("class",), (10,)))
        >>> [group.second.conv.out_channels for group in net.groups]
        [64, 256, 256]
    """

    suits = MappingProxyType(
        {"lr": 1e-2, "weight_decay": 0.05, "batch_size": 256, "schedule": "one_cycle", "epochs": 16}
    )
    takes = frozenset({"image", "number", "category", "dense"})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 64,
        scale: Annotated[float, Range(0.001, 10)] = 1 / 9,
        bias_lr: Annotated[float, Range(0.1, 1000)] = 1.0,
    ) -> None:
        super().__init__(inputs, output)
        spec, channels, _, _ = picture(inputs)
        answer = plain_answer(output, "sprint")
        self.pixels, self.beside = Pixels(spec), Beside(inputs)
        self.scale, self.bias_lr = scale, bias_lr
        self.whiten = Whitening(channels)
        widths = [self.whiten.width, width, 4 * width, 4 * width]
        self.groups = nn.ModuleList(_Group(before, after) for before, after in pairwise(widths))
        self.output_layer = nn.Linear(widths[-1] + self.beside.width, answer, bias=False)

    @torch.no_grad()
    def prime(self, batch: Batch) -> None:
        """Learn the first layer from training rows, once and before the first step.

        Args:
            batch: Some thousand training rows, not augmented.
        """
        self.whiten.learn(self.pixels(batch))

    def features(self, batch: Batch) -> Tensor:
        """Return the largest value of each last map, and the columns beside them, (B, features)."""
        x = F.gelu(self.whiten(self.pixels(batch)))
        for group in self.groups:
            x = group(x)
        return self.beside(x.amax((2, 3)), batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, width of the answer)."""
        return self.output_layer(features) * self.scale

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return the rate of norms' biases, with a decay that is the same in effect."""
        names = [name for name, _ in self.named_parameters() if name.endswith("norm.bias")]
        return {name: {"lr": self.bias_lr, "weight_decay": 1 / self.bias_lr} for name in names}


class _Group(nn.Module):
    """Two convolutions with their norms, the first one pooled; maps too small to be pooled are left."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = _Layer(inputs, outputs), _Layer(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first.conv(x)
        x = F.max_pool2d(x, 2) if min(x.shape[2:]) > 1 else x
        return F.gelu(self.second.norm(self.second.conv(F.gelu(self.first.norm(x)))))


class _Layer(nn.Module):
    """A convolution, and a norm of 60 % memory whose scale is not learned."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        nn.init.dirac_(self.conv.weight.detach()[: min(inputs, outputs)])
        self.norm = BatchNorm2d(outputs, relu=False)
        self.norm.momentum = 0.4
        self.norm.weight.requires_grad_(False)
