"""One neuron, to look inside."""

from __future__ import annotations

from types import MappingProxyType

import torch
from torch import Tensor, nn

from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.inputs import Flat, flat_names

__all__ = ["Perceptron"]


class Perceptron(Net):
    """One neuron, or one per class (Rosenblatt 1958): every input times its weight, added up.

    Two classes need one neuron only: it says how much the second class is preferred, and the answer's two
    logits are 0 and that. Nothing is hidden: ``names`` tells what each weight belongs to, and
    ``contributions`` what each input adds to the answer for a row.

    Args:
        inputs: The groups it reads; categories come one-hot.
        output: The answer's spec.

    Example:
        >>> inputs = {"number": Spec(("feature",), (2,), names=("age", "fare"))}
        >>> net = Perceptron(inputs, Spec(("class",), (2,)))
        >>> net.names, tuple(net.neuron.weight.shape)
        (('age', 'fare'), (1, 2))
    """

    suits = MappingProxyType({"lr": 1e-2})

    def __init__(self, inputs: Specs, output: Spec) -> None:
        super().__init__(inputs, output)
        self.names = flat_names(inputs)
        self.flat = Flat(inputs)
        self.pair = output.axes[-1] == "class" and output.width == 2
        self.neuron = nn.Linear(self.flat.width, 1 if self.pair else output.width)

    def features(self, batch: Batch) -> Tensor:
        """Return the flat inputs, (B, F)."""
        return self.flat(batch)

    def head(self, features: Tensor) -> Tensor:
        """Return what the neurons add up, (B, width)."""
        drive = self.neuron(features)
        return torch.cat([torch.zeros_like(drive), drive], 1) if self.pair else drive

    def contributions(self, batch: Batch) -> Tensor:
        """Return what each input adds to each neuron, (B, neurons, F); with the bias, its drive."""
        return self.features(batch)[:, None, :] * self.neuron.weight
