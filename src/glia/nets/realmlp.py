"""RealMLP: a multi-layer perceptron with good defaults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from glia.core.constraints import Above, Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.activations import Activation, activation
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.inputs import Flat, group, rows_like
from glia.nets.blocks.numbers import PeriodicBiasLinear

__all__ = ["RealMLP"]

# Factors of RealMLP-TD on learning rate and decay, by what a parameter is for (Holzmüller et al. 2024, table
# A.1).
_FACTORS: dict[str, dict[str, float]] = {
    "numbers": {"lr": 0.1, "weight_decay": 1.0},
    "embedding": {"lr": 1.0, "weight_decay": 1.0},
    "scale": {"lr": 6.0, "weight_decay": 1.0},
    "slope": {"lr": 0.1, "weight_decay": 1.0},
    "bias": {"lr": 0.1, "weight_decay": 0.0},
    "weight": {"lr": 1.0, "weight_decay": 1.0},
}


class RealMLP(Net):
    """RealMLP-TD of "Better by Default" (Holzmüller, Grinsztajn & Steinwart 2024).

    Periodic embeddings of numbers (PBLD), a learned scale per flat input, linear layers in the neural tangent
    parametrization, activations that each neuron can straighten, and learning rates of their own for all of
    these. First weights are scaled, and first biases placed, by how neurons answer to rows drawn from the
    specs; the authors use the training rows themselves. Their schedules of dropout and decay belong to
    training.

    Args:
        inputs: The groups it reads.
        output: The answer's spec.
        width: Neurons of a hidden layer.
        depth: Hidden layers.
        dropout: Share of the values dropped in training.
        activation: The activation; ``"auto"`` is SELU for classes and Mish for numbers, as the authors chose.
        embedding_width: Length of a category's vector.
        one_hot: Categories of more codes than this are embedded.
        frequencies: Frequencies learned per number.
        frequency_scale: Spread of the first frequencies.

    Example:
        >>> net = RealMLP({"number": Spec(("feature",), (2,))}, Spec(("class",), (3,)), width=8)
        >>> net.factors()["scale"]
        {'lr': 6.0, 'weight_decay': 1.0}
    """

    suits = MappingProxyType({"lr": 4e-2})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 256,
        depth: Annotated[int, Range(1)] = 3,
        dropout: Annotated[float, Range(0, 0.95)] = 0.15,
        activation: Activation | Literal["auto"] = "auto",
        embedding_width: Annotated[int, Range(1)] = 8,
        one_hot: Annotated[int, Range(0)] = 10,
        frequencies: Annotated[int, Range(1)] = 16,
        frequency_scale: Annotated[float, Above(0)] = 0.1,
    ) -> None:
        super().__init__(inputs, output)
        if activation == "auto":
            activation = "mish" if output.axes[-1] == "target" else "selu"
        number = group(inputs, "number")
        numbers = None
        if number is not None:
            numbers = PeriodicBiasLinear(number.width, frequencies=frequencies, scale=frequency_scale)
        self.flat = Flat(inputs, numbers=numbers, one_hot=one_hot, embedding=embedding_width)
        self.scale = nn.Parameter(torch.ones(self.flat.width))
        self.layers = nn.ModuleList(
            Layer(width if index else self.flat.width, width, activation, dropout) for index in range(depth)
        )
        self.output_layer = NTPLinear(width, output.width)
        self._settle(rows_like(inputs, 512))

    def features(self, batch: Batch) -> Tensor:
        """Return the last hidden layer, (B, width)."""
        x = self.flat(batch) * self.scale
        for layer in self.layers:
            x = layer(x)
        return x

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, width of the answer)."""
        return self.output_layer(features)

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return the authors' factors for every parameter."""
        purposes = {name: [part for part in name.split(".") if part in _FACTORS] for name, _ in self.named_parameters()}
        return {name: _FACTORS[found[0]] for name, found in purposes.items()}

    @torch.no_grad()
    def _settle(self, batch: Batch) -> None:
        x = self.flat(batch) * self.scale
        for layer in self.layers:
            assert isinstance(layer, Layer)
            x = layer.activation(layer.linear.settled(x))
        self.output_layer.settled(x)


class Layer(nn.Module):
    """A hidden layer.

    Args:
        inputs: Features taken.
        width: Neurons.
        active: The activation.
        dropout: Share of the values dropped in training.
    """

    def __init__(self, inputs: int, width: int, active: Activation, dropout: float) -> None:
        super().__init__()
        self.linear = NTPLinear(inputs, width)
        self.activation = Straightened(active, width)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, width) of (B, inputs)."""
        return self.dropout(self.activation(self.linear(x)))


class NTPLinear(nn.Module):
    """A linear layer in the neural tangent parametrization (Jacot et al. 2018).

    That is ``x @ weight.T / sqrt(inputs) + bias`` with weights of unit spread, whatever the number of inputs.

    Args:
        inputs: Features taken.
        outputs: Features given.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.gain = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outputs) of (B, inputs)."""
        return nn.functional.linear(x, self.weight * self.gain, self.bias)

    def settled(self, x: Tensor, corners: int = 5) -> Tensor:
        """Scale the weights to unit spread over some rows, place the bends among these ("he+5"), and answer.

        A bias is minus a random mixture of five answers, so that every neuron bends where there are rows.
        """
        self.weight.div_(self(x).std(0, correction=0).clamp_min(1e-6)[:, None])
        z_BO = self(x)
        chosen = z_BO.gather(0, torch.randint(len(x), (corners, z_BO.shape[1])))
        share = torch.empty(corners, z_BO.shape[1]).exponential_()
        self.bias.copy_(-(chosen * share / share.sum(0)).sum(0))
        return self(x)


class Straightened(nn.Module):
    """An activation that each neuron may blend with the identity: ``x + slope * (f(x) - x)``.

    Args:
        name: The activation.
        width: Number of neurons.
    """

    def __init__(self, name: Activation, width: int) -> None:
        super().__init__()
        self.function = activation(name)
        self.slope = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return the activated values, (B, F) in and out."""
        return torch.lerp(x, self.function(x), self.slope.to(x.dtype))
