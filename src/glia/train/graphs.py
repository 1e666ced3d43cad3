"""A step on a graphics card captured as one graph, which is launched again for every batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

__all__ = ["graphed"]

WARM = 3
"""Steps taken before the capture, so that libraries have chosen their kernels and taken their memory."""


def graphed(step: Callable[..., list[Tensor]], given: Sequence[Tensor]) -> Callable[..., list[Tensor]]:
    """Return a step as a graph of kernels, which reads copies of what comes in and leaves what goes out in its place.

    Args:
        step: From tensors to tensors, without looking at values; whatever else it reads must keep its memory.
        given: Tensors like those it will be called with.

    Source: CUDA C++ Programming Guide, "CUDA Graphs".
    """
    fixed = [one.clone() for one in given]
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM):
            step(*fixed)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        out = step(*fixed)

    def launched(*tensors: Tensor) -> list[Tensor]:
        for place, one in zip(fixed, tensors, strict=True):
            place.copy_(one)
        graph.replay()
        return out

    return launched
