"""How alike two pictures look, as tensors."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

__all__ = ["likeness"]

_SIDE = 5
_C1, _C2 = 0.01**2, 0.03**2


def likeness(one: Tensor, other: Tensor) -> Tensor:
    """Return the structural similarity of pictures (B, C, H, W) in shares of full brightness, (B,).

    Local means, spreads and correlation are compared in windows of 5 x 5 pixels, so a missing seam counts where the
    picture is plain, and a shade hardly does.

    Source: Z. Wang et al., Image quality assessment: from error visibility to structural similarity, 2004.

    Example:
        >>> import torch
        >>> picture = torch.rand(2, 1, 8, 8)
        >>> bool((likeness(picture, picture) > 0.999).all()), bool((likeness(picture, 1 - picture) < 0).all())
        (True, True)
    """
    side = min(_SIDE, *one.shape[2:])

    def local(maps: Tensor) -> Tensor:
        return F.avg_pool2d(maps, side, 1)

    mean, mean_other = local(one), local(other)
    spread, spread_other = local(one * one) - mean * mean, local(other * other) - mean_other * mean_other
    shared = local(one * other) - mean * mean_other
    above = (2 * mean * mean_other + _C1) * (2 * shared + _C2)
    below = (mean.square() + mean_other.square() + _C1) * (spread + spread_other + _C2)
    return (above / below).mean((1, 2, 3))
