"""Ensembles answer with one more axis; losses and answers treat a single network as an ensemble of one.

Legend: B = rows, M = members, K = classes or targets.
"""

from __future__ import annotations

from torch import Tensor

__all__ = ["members", "spread"]


def members(output: Tensor) -> Tensor:
    """Return (B, K) or (B, M, K) as (B, M, K)."""
    return output.unsqueeze(1) if output.dim() == 2 else output


def spread(target: Tensor, output_BMK: Tensor) -> Tensor:
    """Return a (B, ...) target repeated for every member, (B, M, ...)."""
    return target.unsqueeze(1).expand(-1, output_BMK.shape[1], *target.shape[1:])
