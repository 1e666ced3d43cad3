"""From pictures or rows to a short code, and back.

Legend: B = rows, C = channels, H = height, W = width, Z = numbers of the code.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.errors import UsageError
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.inputs import Flat
from glia.nets.blocks.pixels import Pixels
from glia.nets.blocks.planes import normed, padded_to, picture

__all__ = ["Decoder", "Encoder", "goal_width"]

_SIDE = 4
"""Maps are halved until their shorter side is at most this."""


def goal_width(output: Spec) -> int:
    """Return how many numbers must be given back: those of a picture, or the features of a row.

    Args:
        output: The answer's spec, of axes ``("channel", "height", "width")`` or ``("feature",)``.

    Raises:
        UsageError: Something else is asked for.

    Example:
        >>> goal_width(Spec(("channel", "height", "width"), (3, 4, 5)))
        60
    """
    if output.axes not in (("channel", "height", "width"), ("feature",)):
        raise UsageError(
            "net_unfit",
            f"this network gives back what it was shown, and {' x '.join(output.axes)} is asked for",
            remedy="choose it with --task reconstruct or anomaly",
        )
    product = 1
    for side in output.size:
        assert side is not None
        product *= side
    return product


class Encoder(nn.Module):
    """Pictures through convolutions that halve them, or the columns of a table through layers, to one row of numbers.

    Args:
        inputs: The groups that are there; columns of a table are read where there are no pictures.
        width: Channels of the first convolution, doubled with every halving; 16 times as many neurons for a table.

    Attributes:
        width: How many numbers it gives.
    """

    def __init__(self, inputs: Specs, width: int) -> None:
        super().__init__()
        self.pixels: Pixels | None = None
        self.flat: Flat | None = None
        if "image" not in inputs:
            self.flat = Flat(inputs)
            self.width = 16 * width
            self.layers = nn.Sequential(
                nn.Linear(self.flat.width, self.width), nn.ReLU(), nn.Linear(self.width, self.width), nn.ReLU()
            )
            return
        spec, channels, height, side = picture(inputs)
        self.pixels = Pixels(spec)
        count = halvings(min(height, side))
        widths = [channels, *(width * 2**level for level in range(count))]
        self.multiple = 2**count
        self.layers = nn.Sequential(*(normed(a, b, 3, 2) for a, b in pairwise(widths)))
        self.width = widths[-1] * (-(-height // self.multiple)) * (-(-side // self.multiple))

    def forward(self, batch: Batch) -> Tensor:
        """Return (B, width)."""
        if self.pixels is not None:
            return self.layers(padded_to(self.pixels(batch), self.multiple)).flatten(1)
        assert self.flat is not None
        return self.layers(self.flat(batch))


class Decoder(nn.Module):
    """Numbers of a code through layers that enlarge them, back to a picture or to the features of a row.

    Args:
        code: Z, how many numbers it is given.
        output: What it gives back.
        width: Channels of the last convolution, as the encoder's first.
    """

    def __init__(self, code: int, output: Spec, width: int) -> None:
        super().__init__()
        self.size = output.size
        if len(output.size) == 1:
            wide = 16 * width
            self.layers = nn.Sequential(
                nn.Linear(code, wide), nn.ReLU(), nn.Linear(wide, wide), nn.ReLU(), nn.Linear(wide, output.width)
            )
            return
        channels, height, side = output.size
        assert channels is not None and height is not None and side is not None
        count = halvings(min(height, side))
        widths = [width * 2**level for level in reversed(range(count))]
        self.first = (widths[0], -(-height // 2**count), -(-side // 2**count))
        self.grow = nn.Linear(code, self.first[0] * self.first[1] * self.first[2])
        layers: list[nn.Module] = []
        for before, after in zip(widths, [*widths[1:], width]):
            layers += [
                nn.Upsample(scale_factor=2, mode="nearest"),
                normed(before, after),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, channels, 3, padding=1))

    def forward(self, code_BZ: Tensor) -> Tensor:
        """Return (B, numbers to be given back), a picture flat: channel by channel, row by row."""
        if len(self.size) == 1:
            return self.layers(code_BZ)
        maps = self.layers(F.relu(self.grow(code_BZ)).unflatten(1, self.first))
        return maps[:, :, : self.size[1], : self.size[2]].flatten(1)


def halvings(side: int) -> int:
    """Return how often a side is halved until the coder's last maps are small.

    Example:
        >>> [halvings(side) for side in (8, 28, 32, 64)]
        [1, 3, 3, 4]
    """
    count = 1
    while side / 2**count > _SIDE:
        count += 1
    return count
