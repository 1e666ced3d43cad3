"""A first layer that is computed, not trained."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Whitening"]


class Whitening(nn.Module):
    """Patches of 2 x 2 pixels, turned and scaled so that their entries are uncorrelated and of one size.

    The filters are the principal directions of the training patches over their spreads, each of them twice, with
    either sign, since what follows is half deaf to negative values (T. Yerusalmi, tysam-code/hlb-CIFAR10, 2022). They
    stay as they are; a bias is learned.

    Args:
        channels: Channels taken.

    Attributes:
        width: Channels given, eight for each that is taken.

    Example:
        >>> layer = Whitening(1)
        >>> layer.learn(torch.randn(50, 1, 8, 8, generator=torch.Generator().manual_seed(0)))
        >>> layer(torch.zeros(2, 1, 8, 8)).shape
        torch.Size([2, 8, 7, 7])
    """

    filters: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        size = 4 * channels
        self.width = 2 * size
        self.bias = nn.Parameter(torch.zeros(self.width))
        # Until it has seen pictures, the layer copies its patch; a buffer, since no optimizer may move it.
        self.register_buffer("filters", _either_sign(torch.eye(size), channels))

    @torch.no_grad()
    def learn(self, pictures: Tensor, floor: float = 5e-4) -> None:
        """Learn the filters.

        Args:
            pictures: (B, C, H, W) normalized pictures.
            floor: Added to the variance of each direction, so that noise is not blown up.
        """
        patches = F.unfold(pictures.float(), 2).transpose(1, 2).flatten(0, 1).double()
        variance, directions = torch.linalg.eigh(patches.T @ patches / len(patches))
        scaled = directions.T / (variance.clamp_min(0) + floor).sqrt()[:, None]
        # The sign of a direction means nothing and differs between libraries.
        scaled = scaled * torch.where(scaled.sum(1, keepdim=True) < 0, -1.0, 1.0)
        self.filters.copy_(_either_sign(scaled.float(), pictures.shape[1]))

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, width, H - 1, W - 1) of (B, C, H, W)."""
        return F.conv2d(x, self.filters.to(x.dtype), self.bias)


def _either_sign(filters: Tensor, channels: int) -> Tensor:
    return torch.cat([filters, -filters]).view(-1, channels, 2, 2)
