"""The multi-layer perceptron."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.activations import Activation, activation
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.initializers import Initializer, initialize
from glia.nets.blocks.inputs import Flat
from glia.nets.blocks.norms import Norm, norm

__all__ = ["MLP"]


class MLP(Net):
    """A multi-layer perceptron (Rumelhart, Hinton & Williams 1986) with the choices of today.

    Each layer is linear, norm, activation, dropout. Categories of more than 64 codes are embedded, others
    one-hot.

    Args:
        inputs: The groups it reads.
        output: The answer's spec.
        width: Neurons of a hidden layer.
        depth: Hidden layers.
        dropout: Share of the values dropped in training.
        activation: The activation.
        norm: The normalization before it.
        init: How weights of hidden layers begin; biases begin as zeros.
        residual: Whether each hidden layer but the first adds to what came in.

    Example:
        >>> net = MLP({"number": Spec(("feature",), (2,))}, Spec(("class",), (3,)), width=8, depth=2)
        >>> sum(p.numel() for p in net.parameters())  # (2 + 1) * 8 + (8 + 1) * 8 + (8 + 1) * 3
        123
    """

    suits = MappingProxyType({"weight_decay": 1e-4})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 256,
        depth: Annotated[int, Range(1)] = 3,
        dropout: Annotated[float, Range(0, 0.95)] = 0.1,
        activation: Activation = "relu",
        norm: Norm = "none",
        init: Initializer = "he_uniform",
        residual: bool = False,
    ) -> None:
        super().__init__(inputs, output)
        self.flat = Flat(inputs, one_hot=64)
        self.residual = residual
        self.layers = nn.ModuleList(
            _layer(width if index else self.flat.width, width, dropout, activation, norm, init)
            for index in range(depth)
        )
        self.output_layer = nn.Linear(width, output.width)

    def features(self, batch: Batch) -> Tensor:
        """Return the last hidden layer, (B, width)."""
        x = self.layers[0](self.flat(batch))
        for layer in self.layers[1:]:
            x = x + layer(x) if self.residual else layer(x)
        return x

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, width of the answer)."""
        return self.output_layer(features)


def _layer(
    inputs: int, width: int, dropout: float, active: Activation, normed: Norm, init: Initializer
) -> nn.Sequential:
    return nn.Sequential(
        initialize(nn.Linear(inputs, width), init), norm(normed, width), activation(active), Dropout(dropout)
    )
