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

_DEPTH, _MARGIN, _SCALE = 10.0, 1.5, 2.5  # in nats of power: 43, 7 and 11 decibels


class AudioCNN(Net):
    """Convolutions over a log-mel spectrogram, halved again and again, then mean and maximum over time.

    What is left of the bands stays apart: their place is what tells vowels from one another. Each recording is brought
    to one loudness, and silence counts nothing. Training may color the sound as another microphone would, hide bands
    and stretches of time (SpecAugment, Park et al. 2019), stretch bands as a longer or shorter vocal tract would
    (Jaitly & Hinton 2013), and stretch and move time.

    Args:
        inputs: The groups it reads: a sound, and what a table has beside.
        output: The answer's spec.
        width: Channels of the first convolution; each further one has half as many again.
        depth: Convolutions.
        hide_bands: Most bands hidden in training, as a share of all.
        hide_time: Most time hidden in training, likewise.
        voice: How much longer or shorter, as a logarithm, training makes the vocal tract.
        pace: How much faster or slower, as a logarithm, it makes the speaker.
        shift: Most time moved in training, as a share of all.
        color: Size of the smooth curve over bands added in training, as a microphone or a throat would, likewise.
        noise: Standard deviation of the noise added in training, in standard deviations of a band.
        dropout: Share of the features dropped in training.

    Example:
        >>> net = AudioCNN({"audio": Spec(("mel", "time"), (16, 20))}, Spec(("class",), (10,)), width=4)
        >>> net(Batch({"audio": torch.zeros(2, 16, 20)}, torch.ones(2), torch.arange(2))).shape
        torch.Size([2, 10])
    """

    takes = frozenset({"audio", "number", "category", "dense"})
    # What few speakers say of validation goes up and down until the rate falls, so that is waited for.
    suits = MappingProxyType(
        {"lr": 3e-3, "weight_decay": 0.01, "batch_size": 32, "schedule": "one_cycle", "epochs": 120, "patience": 60}
    )

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 16,
        depth: Annotated[int, Range(1, 6)] = 4,
        hide_bands: Annotated[float, Range(0, 0.9)] = 0.2,
        hide_time: Annotated[float, Range(0, 0.9)] = 0.2,
        voice: Annotated[float, Range(0, 1)] = 0.2,
        pace: Annotated[float, Range(0, 1)] = 0.25,
        shift: Annotated[float, Range(0, 0.5)] = 0.1,
        color: Annotated[float, Range(0, 10)] = 0.3,
        noise: Annotated[float, Range(0, 10)] = 0.2,
        dropout: Annotated[float, Range(0, 0.95)] = 0.3,
    ) -> None:
        super().__init__(inputs, output)
        sequence_of(inputs, ("audio",))
        self.hide = (hide_bands, hide_time)
        self.warp = (voice, pace, shift)
        self.noise, self.color = noise, color
        sizes = [1, *(int(width * 1.5**at) for at in range(depth))]
        self.layers = nn.ModuleList(_layer(a, b) for a, b in pairwise(sizes))
        self.dropout = nn.Dropout(dropout)
        self.beside = Beside(inputs)
        bands = int(inputs["audio"].size[0] or 1)
        for _ in range(depth):
            bands = -(-bands // 2)
        self.output_layer = nn.Linear(2 * sizes[-1] * bands + self.beside.width, output.width)

    def features(self, batch: Batch) -> Tensor:
        """Return mean and maximum over time of each band of the last channels, (B, D)."""
        x, heard = _heard(batch.values["audio"].float())
        if self.training:
            x, heard = self._varied(x, heard)
        x = x[:, None]
        for layer in self.layers:
            # Silence is nothing to every layer, and the last half is kept: so padding changes nothing.
            x = F.max_pool2d(layer(x) * heard[:, None], 2, ceil_mode=True)
            heard = F.max_pool1d(heard, 2, ceil_mode=True)
        x = x.flatten(1, 2)
        mean = x.sum(2) / heard.sum(2).clamp_min(1)
        return self.beside(self.dropout(torch.cat([mean, x.amax(2)], 1)), batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, K)."""
        return self.output_layer(features)

    def _varied(self, x_BMT: Tensor, heard_B1T: Tensor) -> tuple[Tensor, Tensor]:
        """Return the spectrograms as another voice in another room might have given them."""
        both = _warped(torch.cat([x_BMT, heard_B1T.expand_as(x_BMT)], 1).unflatten(1, (2, -1)), *self.warp)
        x_BMT, heard_B1T = both[:, 0], (both[:, 1].amax(1, keepdim=True) > 0.5).to(x_BMT.dtype)
        x_BMT = x_BMT + self.color * _curves(x_BMT.shape[0], x_BMT.shape[1]).to(x_BMT)[:, :, None]
        if self.noise:
            x_BMT = x_BMT + self.noise * torch.rand_like(x_BMT[:, :1, :1]) * torch.randn_like(x_BMT)
        for axis, share in zip((1, 2), self.hide):
            x_BMT = _hidden(x_BMT, axis, share)
        return x_BMT * heard_B1T, heard_B1T


def _heard(audio_BMT: Tensor) -> tuple[Tensor, Tensor]:
    """Return spectra of one loudness, silence as zeros, and which frames hold sound, (B, 1, T).

    What lies far below the loudest moment is the noise of a room, or the silence that fills a recording up.
    """
    floor_B11 = audio_BMT.amax((1, 2), keepdim=True) - _DEPTH
    x = torch.maximum(audio_BMT, floor_B11)
    heard = (x.amax(1, keepdim=True) > floor_B11 + _MARGIN).float()
    mean = (x * heard).mean(1, keepdim=True).sum(2, keepdim=True) / heard.sum(2, keepdim=True).clamp_min(1)
    return (x - mean) * heard / _SCALE, heard


def _curves(rows: int, bands: int) -> Tensor:
    """Return smooth curves over bands, drawn by chance, (B, M): three slow waves of random size."""
    waves = torch.cos(torch.pi * torch.arange(1, 4)[:, None] * (torch.arange(bands) + 0.5) / bands)
    return torch.randn(rows, 3) @ waves


def _layer(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def _warped(pictures_BCMT: Tensor, voice: float, pace: float, shift: float) -> Tensor:
    """Return each row's spectrum stretched along bands and time, and moved; nothing comes in at the edges."""
    rows = pictures_BCMT.shape[0]
    stretch_B2 = ((2 * torch.rand(rows, 2) - 1) * torch.tensor([pace, voice])).exp()
    move_B = (2 * torch.rand(rows) - 1) * 2 * shift
    theta = torch.zeros(rows, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1], theta[:, 0, 2] = stretch_B2[:, 0], stretch_B2[:, 1], move_B
    # Both axes are stretched from their beginning: a longer throat moves high bands more than low ones.
    theta[:, 1, 2] = stretch_B2[:, 1] - 1
    theta[:, 0, 2] += stretch_B2[:, 0] - 1
    grid = F.affine_grid(theta.to(pictures_BCMT), list(pictures_BCMT.shape), align_corners=False)
    return F.grid_sample(pictures_BCMT, grid, align_corners=False)


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
