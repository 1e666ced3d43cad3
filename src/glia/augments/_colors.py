"""Changes of what pixels say, not of where they are.

Every function takes pictures (B, C, H, W) float32 from 0 to 255 and a strength (B,), and gives such pictures,
unclipped.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = [
    "autocontrast",
    "blended",
    "brightness",
    "contrast",
    "equalize",
    "grey",
    "posterize",
    "recolored",
    "saturation",
    "sharpness",
    "solarize",
]

_LUMA = (0.299, 0.587, 0.114)
"""How bright red, green and blue look (ITU-R BT.601)."""


def recolored(pictures: Tensor, changed: Tensor) -> Tensor:
    """Return changed pictures as the kind of number that pictures came in."""
    changed = changed.clamp(0, 255)
    return changed.to(pictures.dtype) if pictures.is_floating_point() else changed.round().to(pictures.dtype)


def blended(pictures: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    """Return what lies between another picture (factor 0) and the pictures (1), or beyond them (above 1)."""
    return other + (pictures - other) * factor[:, None, None, None]


def grey(pictures: Tensor) -> Tensor:
    """Return the brightness of each pixel, (B, 1, H, W); of anything but three channels, their mean."""
    if pictures.shape[1] != 3:
        return pictures.mean(1, keepdim=True)
    return (pictures * pictures.new_tensor(_LUMA)[:, None, None]).sum(1, keepdim=True)


def brightness(pictures: Tensor, factor: Tensor) -> Tensor:
    """Return brighter (above 1) or darker pictures."""
    return pictures * factor[:, None, None, None]


def contrast(pictures: Tensor, factor: Tensor) -> Tensor:
    """Return pictures farther from their mean brightness (above 1) or nearer to it."""
    return blended(pictures, grey(pictures).mean((2, 3), keepdim=True), factor)


def saturation(pictures: Tensor, factor: Tensor) -> Tensor:
    """Return pictures farther from grey (above 1) or nearer to it."""
    return blended(pictures, grey(pictures), factor) if pictures.shape[1] == 3 else pictures


def sharpness(pictures: Tensor, factor: Tensor) -> Tensor:
    """Return sharper (above 1) or softer pictures; the outermost pixels stay."""
    channels = pictures.shape[1]
    kernel = pictures.new_tensor([[1.0, 1, 1], [1, 5, 1], [1, 1, 1]]).div(13).expand(channels, 1, 3, 3)
    soft = pictures.clone()
    soft[:, :, 1:-1, 1:-1] = F.conv2d(pictures, kernel, groups=channels)
    return blended(pictures, soft, factor)


def solarize(pictures: Tensor, threshold: Tensor) -> Tensor:
    """Return pictures whose pixels from a threshold on are inverted."""
    return torch.where(pictures >= threshold[:, None, None, None], 255 - pictures, pictures)


def posterize(pictures: Tensor, bits: Tensor) -> Tensor:
    """Return pictures with fewer levels, 2 ** bits of them."""
    step = 2.0 ** (8 - bits.round())[:, None, None, None]
    return (pictures / step).floor() * step


def autocontrast(pictures: Tensor, _strength: Tensor) -> Tensor:
    """Return pictures whose channels reach from 0 to 255; a channel of one value stays."""
    low, high = pictures.amin((2, 3), keepdim=True), pictures.amax((2, 3), keepdim=True)
    return torch.where(high > low, (pictures - low) * 255 / (high - low).clamp_min(1e-6), pictures)


def equalize(pictures: Tensor, _strength: Tensor) -> Tensor:
    """Return pictures whose channels use every level about equally often."""
    flat = pictures.round().long().flatten(2).flatten(0, 1)
    counts = torch.zeros(flat.shape[0], 256).scatter_add_(1, flat, torch.ones_like(flat, dtype=torch.float32))
    # The lowest level that occurs becomes 0, the highest 255.
    below = counts.cumsum(1) - counts
    first = (counts > 0).float().argmax(1, keepdim=True)
    last = 255 - (counts > 0).flip(1).float().argmax(1, keepdim=True)
    span = below.gather(1, last)
    mapped = (below - below.gather(1, first)) * 255 / span.clamp_min(1)
    return torch.where(span > 0, mapped.gather(1, flat), flat.float()).view_as(pictures)
