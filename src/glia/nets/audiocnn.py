"""The convolutional network for sounds."""

from __future__ import annotations

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
from glia.nets.blocks.places import sequence_of

__all__ = ["AudioCNN"]


class AudioCNN(Net):
    """Convolutions over a log-mel spectrogram, halved again and again, then mean and maximum over time.

    Each recording is centered band by band (cepstral mean normalization, Atal 1974), which takes the microphone and
    part of the speaker away. Training may hide bands and stretches of time (SpecAugment, Park et al. 2019), move
    bands up and down as a higher or lower voice would, and move the recording in time.

    Args:
        inputs: The groups it reads: a sound, and what a table has beside.
        output: The answer's spec.
        width: Channels of the first convolution; each further one has half as many again.
        depth: Convolutions.
        hide_bands: Most bands hidden in training, as a share of all.
        hide_time: Most time hidden in training, likewise.
        pitch: Most bands moved up or down in training, likewise.
        shift: Most time moved in training, likewise.
        noise: Standard deviation of the noise added in training, in standard deviations of a band.
        dropout: Share of the features dropped in training.

    Example:
        >>> net = AudioCNN({"audio": Spec(("mel", "time"), (16, 20))}, Spec(("class",), (10,)), width=4)
        >>> net(Batch({"audio": torch.zeros(2, 16, 20)}, torch.ones(2), torch.arange(2))).shape
        torch.Size([2, 10])
    """

    takes = frozenset({"audio", "number", "category", "dense"})
    suits = MappingProxyType(
        {"lr": 3e-3, "weight_decay": 0.01, "batch_size": 32, "schedule": "one_cycle", "epochs": 40}
    )

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 32,
        depth: Annotated[int, Range(1, 6)] = 4,
        hide_bands: Annotated[float, Range(0, 0.9)] = 0.2,
        hide_time: Annotated[float, Range(0, 0.9)] = 0.2,
        pitch: Annotated[float, Range(0, 0.5)] = 0.1,
        shift: Annotated[float, Range(0, 0.5)] = 0.1,
        noise: Annotated[float, Range(0, 10)] = 0.2,
        dropout: Annotated[float, Range(0, 0.95)] = 0.3,
    ) -> None:
        super().__init__(inputs, output)
        sequence_of(inputs, ("audio",))
        spec = inputs["audio"]
        bands = int(spec.size[0] or 1)
        self.register_buffer("center", torch.tensor(spec.center or (0.0,) * bands)[:, None], persistent=False)
        spread = torch.tensor(spec.spread or (1.0,) * bands).clamp_min(1e-6)
        self.register_buffer("spread", spread[:, None], persistent=False)
        self.hide = (hide_bands, hide_time)
        self.move = (pitch, shift)
        self.noise = noise
        sizes = [1, *(int(width * 1.5**at) for at in range(depth))]
        self.layers = nn.ModuleList(_layer(a, b) for a, b in pairwise(sizes))
        self.dropout = nn.Dropout(dropout)
        self.beside = Beside(inputs)
        self.output_layer = nn.Linear(2 * sizes[-1] + self.beside.width, output.width)

    center: Tensor
    spread: Tensor

    def features(self, batch: Batch) -> Tensor:
        """Return mean and maximum over time of the last channels, (B, D)."""
        x = (batch.values["audio"].float() - self.center) / self.spread
        x = x - x.mean(2, keepdim=True)
        x = self._varied(x)[:, None] if self.training else x[:, None]
        for layer in self.layers:
            x = layer(x)
            # A recording of a few frames, or few bands, runs out of halves before the layers end.
            x = F.max_pool2d(x, [min(2, size) for size in x.shape[2:]])
        x = x.mean(2)
        return self.beside(self.dropout(torch.cat([x.mean(2), x.amax(2)], 1)), batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, K)."""
        return self.output_layer(features)

    def _varied(self, x_BMT: Tensor) -> Tensor:
        """Return the spectrograms as another voice in another room might have given them."""
        for axis, share in zip((1, 2), self.move):
            x_BMT = _moved(x_BMT, axis, share)
        if self.noise:
            x_BMT = x_BMT + self.noise * torch.rand_like(x_BMT[:, :1, :1]) * torch.randn_like(x_BMT)
        for axis, share in zip((1, 2), self.hide):
            x_BMT = _hidden(x_BMT, axis, share)
        return x_BMT


def _layer(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def _moved(x_BMT: Tensor, axis: int, share: float) -> Tensor:
    """Return each row moved along an axis by up to a share of its length; edges are repeated."""
    size = x_BMT.shape[axis]
    most = int(share * size)
    if not most:
        return x_BMT
    by_B = torch.randint(-most, most + 1, (x_BMT.shape[0],), device=x_BMT.device)
    places = (torch.arange(size, device=x_BMT.device) - by_B[:, None]).clamp(0, size - 1)
    index = places[:, :, None] if axis == 1 else places[:, None, :]
    return x_BMT.gather(axis, index.expand_as(x_BMT))


def _hidden(x_BMT: Tensor, axis: int, share: float) -> Tensor:
    """Return each row with a stretch of an axis, of up to a share of its length, set to the mean."""
    size = x_BMT.shape[axis]
    if not int(share * size):
        return x_BMT
    length, start = torch.rand(2, x_BMT.shape[0], 1, device=x_BMT.device)
    length = length * share * size
    start = start * (size - length)
    places = torch.arange(size, device=x_BMT.device)
    hidden = (places >= start) & (places < start + length)
    return x_BMT.masked_fill(hidden[:, :, None] if axis == 1 else hidden[:, None, :], 0.0)
