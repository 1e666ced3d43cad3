"""A plain convolutional network."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.beside import Beside
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.pixels import Pixels
from glia.nets.blocks.planes import normed, picture, plain_answer

__all__ = ["CNN"]


class CNN(Net):
    """A plain convolutional network: stages of 3 x 3 convolutions with batch norm and ReLU, each ending in a pooling.

    Stages double the channels and halve the maps (Simonyan & Zisserman 2015), batch norm makes the depth trainable
    (Ioffe & Szegedy 2015), and the last maps are averaged (Lin et al. 2014) where they are larger than ``last``.

    Args:
        inputs: The groups it reads: pictures, and columns of a table beside them.
        output: The answer's spec.
        width: Channels of the first stage.
        stages: How often the maps are halved.
        depth: Convolutions of a stage.
        last: The side of the map that the answer reads; 1 averages over all places.
        dropout: Share of the last hidden values dropped in training.

    Example:
        >>> spec = Spec(("channel", "height", "width"), (1, 28, 28), "uint8")
        >>> net = CNN({"image": spec}, Spec(("class",), (10,)))
        >>> [stage[0].conv.out_channels for stage in net.stages]
        [32, 64, 128]
    """

    suits = MappingProxyType(
        {"lr": 1e-2, "weight_decay": 0.05, "batch_size": 128, "schedule": "one_cycle", "epochs": 20}
    )
    takes = frozenset({"image", "number", "category", "dense"})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 32,
        stages: Annotated[int, Range(1, 8)] = 3,
        depth: Annotated[int, Range(1, 16)] = 1,
        last: Annotated[int, Range(1, 16)] = 3,
        dropout: Annotated[float, Range(0, 0.95)] = 0.1,
    ) -> None:
        super().__init__(inputs, output)
        spec, channels, height, width_ = picture(inputs)
        answer = plain_answer(output, "cnn")
        self.pixels, self.beside = Pixels(spec), Beside(inputs)
        made = []
        for index in range(stages):
            wide = width * 2**index
            pool = 2 if min(height, width_) > 1 else 1
            layers = [
                normed(channels if layer == 0 else wide, wide, pool=pool if layer == depth - 1 else 1)
                for layer in range(depth)
            ]
            height, width_ = height // pool, width_ // pool
            made.append(nn.Sequential(*layers))
            channels = wide
        self.stages = nn.Sequential(*made)
        size = (min(last, height), min(last, width_))
        self.shrink = nn.AdaptiveAvgPool2d(size) if size != (height, width_) else nn.Identity()
        self.dropout = Dropout(dropout)
        self.output_layer = nn.Linear(channels * size[0] * size[1] + self.beside.width, answer)

    def features(self, batch: Batch) -> Tensor:
        """Return the last maps and the columns beside them, (B, features)."""
        maps = self.shrink(self.stages(self.pixels(batch)))
        return self.beside(self.dropout(maps.flatten(1)), batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, width of the answer)."""
        return self.output_layer(features)
