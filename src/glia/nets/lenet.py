"""LeNet-5."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Literal

from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.activations import Activation, activation
from glia.nets.blocks.beside import Beside
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.pixels import Pixels
from glia.nets.blocks.planes import picture, plain_answer

__all__ = ["LeNet"]

_SIDE = 5
"""The side of the last map; larger ones are averaged down to it."""


class LeNet(Net):
    """LeNet-5 (LeCun et al. 1998), the first convolutional network in wide use; 61,706 weights for ten digits.

    Its maps are joined fully, as in every later copy, and its answer is linear.

    Args:
        inputs: The groups it reads: pictures, and columns of a table beside them.
        output: The answer's spec.
        activation: The activation; ``"tanh"`` is the original's.
        pool: How maps shrink; ``"mean"`` is the original's.
        dropout: Share of the last hidden layer dropped in training.

    Example:
        >>> spec = Spec(("channel", "height", "width"), (1, 28, 28), "uint8")
        >>> sum(p.numel() for p in LeNet({"image": spec}, Spec(("class",), (10,))).parameters())
        61706
    """

    suits = MappingProxyType(
        {"lr": 3e-3, "weight_decay": 0.05, "batch_size": 128, "schedule": "one_cycle", "epochs": 20}
    )
    takes = frozenset({"image", "number", "category", "dense"})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        activation: Activation = "tanh",
        pool: Literal["mean", "max"] = "mean",
        dropout: Annotated[float, Range(0, 0.95)] = 0.0,
    ) -> None:
        super().__init__(inputs, output)
        spec, channels, height, width = picture(inputs)
        answer = plain_answer(output, "lenet")
        self.pixels, self.beside = Pixels(spec), Beside(inputs)
        first = _maps(channels, 6, 2, activation, pool)
        # The second window has no border in the original; a map too small for it gets one.
        second = _maps(6, 16, 0 if min(height, width) // 2 >= 8 else 2, activation, pool)
        self.maps = nn.Sequential(first, second)
        rows, columns = (_shrunk(side, min(height, width)) for side in (height, width))
        self.shrink = nn.AdaptiveAvgPool2d((min(rows, _SIDE), min(columns, _SIDE)))
        flat = 16 * min(rows, _SIDE) * min(columns, _SIDE)
        self.hidden = nn.Sequential(_layer(flat, 120, activation), _layer(120, 84, activation))
        self.dropout = Dropout(dropout)
        self.output_layer = nn.Linear(84 + self.beside.width, answer)

    def features(self, batch: Batch) -> Tensor:
        """Return the last hidden layer and the columns beside it, (B, 84 + columns)."""
        maps = self.shrink(self.maps(self.pixels(batch)))
        return self.beside(self.dropout(self.hidden(maps.flatten(1))), batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, width of the answer)."""
        return self.output_layer(features)


def _maps(inputs: int, outputs: int, border: int, active: Activation, pool: str) -> nn.Sequential:
    shrink = nn.AvgPool2d(2) if pool == "mean" else nn.MaxPool2d(2)
    return nn.Sequential(nn.Conv2d(inputs, outputs, 5, padding=border), activation(active), shrink)


def _shrunk(side: int, shorter: int) -> int:
    """Return what both windows and poolings leave of a side."""
    half = side // 2
    return (half - 4 if shorter // 2 >= 8 else half) // 2


def _layer(inputs: int, outputs: int, active: Activation) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, outputs), activation(active))
