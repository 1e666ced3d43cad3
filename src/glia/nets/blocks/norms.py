"""Normalizations by name."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["BatchNorm", "Norm", "norm"]

Norm = Literal["none", "batch", "layer", "rms", "group"]


class BatchNorm(nn.BatchNorm1d):
    """Batch norm (Ioffe & Szegedy 2015) that a batch of one row does not crash.

    One row has no spread to divide by, so it is normalized by the running statistics, and leaves them as they
    are.

    Example:
        >>> import torch
        >>> BatchNorm(3).train()(torch.ones(1, 3)).shape
        torch.Size([1, 3])
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name that nn.BatchNorm1d gave it
        """Return the normalized rows, (B, F) in and out."""
        if self.training and input.shape[0] == 1:
            return F.batch_norm(
                input, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        return super().forward(input)


def norm(name: Norm, width: int) -> nn.Module:
    """Return a new normalization of ``width`` features.

    Args:
        name: ``"batch"``, ``"layer"`` (Ba et al. 2016), ``"rms"`` (Zhang & Sennrich 2019), ``"group"`` (Wu &
            He 2018; as many groups as divide the width, at most 8) or ``"none"``.
        width: Features normalized.

    Example:
        >>> norm("group", 12).num_groups
        6
    """
    if name == "batch":
        return BatchNorm(width)
    if name == "none" or width == 1:  # normalizing a feature by itself would erase it
        return nn.Identity()
    if name == "layer":
        return nn.LayerNorm(width)
    if name == "rms":
        return nn.RMSNorm(width)
    return nn.GroupNorm(max(groups for groups in range(1, min(8, width // 2) + 1) if width % groups == 0), width)
