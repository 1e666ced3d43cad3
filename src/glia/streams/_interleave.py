"""Rows of every class spread evenly over an order, so that each batch holds its share of rare ones."""

from __future__ import annotations

import torch

__all__ = ["interleaved"]


def interleaved(order: torch.Tensor, strata: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return an order in which each class's rows get evenly spaced places with a random phase.

    Args:
        order: (N,) row numbers in a random order.
        strata: (N,) the class code of each row.
        generator: Draws the phases.

    Example:
        >>> codes = torch.tensor([0, 0, 0, 0, 1, 1])
        >>> order = interleaved(torch.arange(6), codes, torch.Generator().manual_seed(0))
        >>> codes[order][:3].tolist().count(1), codes[order][3:].tolist().count(1)
        (1, 1)
    """
    codes = strata[order]
    by_class = torch.argsort(codes, stable=True)
    counts = torch.bincount(codes)
    rank = torch.arange(len(order)) - torch.repeat_interleave(counts.cumsum(0) - counts, counts)
    phase = torch.rand(len(counts), generator=generator)
    # Sorting the places interleaves the classes.
    place = (rank + phase[codes[by_class]]) / counts[codes[by_class]]
    return order[by_class[torch.argsort(place, stable=True)]]
