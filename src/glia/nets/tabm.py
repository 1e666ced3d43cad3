"""TabM: many perceptrons in one, the default for tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from torch import Tensor, nn

from glia.core.constraints import Above, Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.activations import Activation, activation
from glia.nets.blocks.decay import undecayed
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.ensemble import BatchEnsembleLinear, MembersLinear
from glia.nets.blocks.inputs import Flat
from glia.nets.blocks.numbers import NumberEmbedding, number_embedding

__all__ = ["TabM"]


class TabM(Net):
    """TabM (Gorishniy, Kotelnikov & Babenko 2024): one perceptron that answers as an ensemble of many.

    Members share their weights and differ by scales; each has a head of its own. Their losses are averaged in
    training and their answers afterwards, which is what makes it strong.

    Args:
        inputs: The groups it reads.
        output: The answer's spec.
        width: Neurons of a hidden layer.
        depth: Hidden layers.
        dropout: Share of the values dropped in training.
        members: Number of members.
        arch: ``"tabm"`` scales inputs and outputs of every layer, ``"tabm-mini"`` only the inputs of the
            first.
        activation: The activation.
        numbers: How numbers are embedded.
        embedding_width: Length of a number's vector.
        frequency_scale: Spread of the first frequencies of periodic embeddings.
        one_hot: Categories of more codes than this are embedded; the paper has all one-hot, which for
            thousands of codes would cost more than the rest of the network.

    Example:
        >>> net = TabM({"number": Spec(("feature",), (2,))}, Spec(("class",), (3,)), width=8, members=4)
        >>> import torch
        >>> net(Batch({"number": torch.rand(5, 2)}, torch.ones(5), torch.arange(5))).shape
        torch.Size([5, 4, 3])
    """

    # Found by measuring: eight members of 128 learn more in a minute on two cores than thirty-two of 256.
    suits = MappingProxyType({"lr": 5e-3, "weight_decay": 3e-4, "options": {"members": 8, "width": 128}})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 256,
        depth: Annotated[int, Range(1)] = 3,
        dropout: Annotated[float, Range(0, 0.95)] = 0.1,
        members: Annotated[int, Range(1)] = 32,
        arch: Literal["tabm", "tabm-mini"] = "tabm",
        activation: Activation = "relu",
        numbers: NumberEmbedding = "piecewise_linear",
        embedding_width: Annotated[int, Range(1)] = 16,
        frequency_scale: Annotated[float, Above(0)] = 0.1,
        one_hot: Annotated[int, Range(0)] = 64,
    ) -> None:
        super().__init__(inputs, output)
        embedding = number_embedding(numbers, inputs.get("number"), embedding_width, frequency_scale)
        self.flat = Flat(inputs, numbers=embedding, one_hot=one_hot)
        layers: list[nn.Module] = [
            BatchEnsembleLinear(
                self.flat.width,
                width,
                members=members,
                # Signs would cancel where a feature has many inputs; normal scales also weigh features.
                start="signs" if embedding is None else "normal",
                chunks=self.flat.chunks,
                own=arch == "tabm",
            )
        ]
        for _ in range(depth - 1):
            shared = arch == "tabm-mini"
            layers.append(nn.Linear(width, width) if shared else BatchEnsembleLinear(width, width, members=members))
        self.layers = nn.ModuleList(_layer(linear, activation, dropout) for linear in layers)
        self.output_layer = MembersLinear(width, output.width, members=members)

    def features(self, batch: Batch) -> Tensor:
        """Return the last hidden layer of every member, (B, M, width)."""
        x = self.flat(batch)
        for layer in self.layers:
            x = layer(x)
        return x.transpose(0, 1)  # members come first on the way: see blocks/ensemble.py

    def head(self, features: Tensor) -> Tensor:
        """Return the answers of the members, (B, M, width of the answer)."""
        return self.output_layer(features.transpose(0, 1)).transpose(0, 1)

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return no decay for biases and for lines and frequencies of numbers, as the authors have it."""
        return undecayed(self)


def _layer(linear: nn.Module, active: Activation, dropout: float) -> nn.Sequential:
    return nn.Sequential(linear, activation(active), Dropout(dropout))
