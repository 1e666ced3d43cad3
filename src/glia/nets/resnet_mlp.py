"""The ResNet for tables."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.inputs import Flat
from glia.nets.blocks.norms import Norm, norm

__all__ = ["ResNetMLP"]


class ResNetMLP(Net):
    """The ResNet of "Revisiting Deep Learning Models for Tabular Data" (Gorishniy et al. 2021).

    A linear layer, blocks of ``x + dropout(linear(dropout(relu(linear(norm(x))))))``, then norm, ReLU and the
    answer.

    Args:
        inputs: The groups it reads; categories of more than 64 codes are embedded, others one-hot.
        output: The answer's spec.
        width: Width of the stream that blocks add to.
        depth: Number of blocks.
        expansion: Width inside a block, as a multiple of ``width``.
        dropout: Share of the hidden values dropped in training.
        residual_dropout: Share of what a block adds dropped in training.
        norm: The normalization.

    Example:
        >>> net = ResNetMLP({"number": Spec(("feature",), (2,))}, Spec(("class",), (3,)), width=8)
        >>> len(net.blocks)
        2
    """

    suits = MappingProxyType({"weight_decay": 1e-4})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 192,
        depth: Annotated[int, Range(1)] = 2,
        expansion: Annotated[float, Range(0.1, 16)] = 2.0,
        dropout: Annotated[float, Range(0, 0.95)] = 0.15,
        residual_dropout: Annotated[float, Range(0, 0.95)] = 0.0,
        norm: Norm = "batch",
    ) -> None:
        super().__init__(inputs, output)
        self.flat = Flat(inputs, one_hot=64)
        self.input_layer = nn.Linear(self.flat.width, width)
        hidden = max(1, round(width * expansion))
        self.blocks = nn.ModuleList(_block(width, hidden, dropout, residual_dropout, norm) for _ in range(depth))
        self.last = _normed_relu(norm, width)
        self.output_layer = nn.Linear(width, output.width)

    def features(self, batch: Batch) -> Tensor:
        """Return the stream after all blocks, normalized, (B, width)."""
        x = self.input_layer(self.flat(batch))
        for block in self.blocks:
            x = x + block(x)
        return self.last(x)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, width of the answer)."""
        return self.output_layer(features)


def _block(width: int, hidden: int, dropout: float, residual_dropout: float, normed: Norm) -> nn.Sequential:
    return nn.Sequential(
        norm(normed, width),
        nn.Linear(width, hidden),
        nn.ReLU(),
        Dropout(dropout),
        nn.Linear(hidden, width),
        Dropout(residual_dropout),
    )


def _normed_relu(normed: Norm, width: int) -> nn.Sequential:
    return nn.Sequential(norm(normed, width), nn.ReLU())
