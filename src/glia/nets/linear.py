"""Logistic and linear regression as a network."""

from __future__ import annotations

from types import MappingProxyType

from torch import Tensor, nn

from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.initializers import initialize
from glia.nets.blocks.inputs import Flat

__all__ = ["Linear"]


class Linear(Net):
    """A linear map of the inputs: logistic regression for classes, linear regression for numbers.

    Weights start at zero, which says "every class alike" and costs nothing: the problem has one valley.

    Args:
        inputs: The groups it reads; categories come one-hot.
        output: The answer's spec.

    Example:
        >>> Linear({"number": Spec(("feature",), (2,))}, Spec(("class",), (3,))).output_layer
        Linear(in_features=2, out_features=3, bias=True)
    """

    suits = MappingProxyType({"lr": 1e-2})

    def __init__(self, inputs: Specs, output: Spec) -> None:
        super().__init__(inputs, output)
        self.flat = Flat(inputs)
        self.output_layer = initialize(nn.Linear(self.flat.width, output.width), "zero")

    def features(self, batch: Batch) -> Tensor:
        """Return the flat inputs, (B, F)."""
        return self.flat(batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, width)."""
        return self.output_layer(features)
