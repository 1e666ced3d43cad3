"""Averaged weights: a shadow that follows the trained weights and is what gets judged and kept.

Source: Polyak & Juditsky 1992; Tarvainen & Valpola 2017 for the exponential form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["Average"]


class Average:
    """Exponential moving average of every parameter and running statistic; empty until it is first followed.

    Args:
        nets: The networks by role.

    Example:
        >>> net = nn.Linear(1, 1, bias=False)
        >>> _ = net.weight.data.fill_(0.0)
        >>> average = Average({"net": net})
        >>> average.follow(0.5)
        >>> _ = net.weight.data.fill_(1.0)
        >>> average.follow(0.5)
        >>> with average.applied():
        ...     round(net.weight.item(), 4)
        0.6667
    """

    def __init__(self, nets: Mapping[str, nn.Module]) -> None:
        weights = [p for net in nets.values() for p in net.parameters()]
        # Running statistics belong to the weights they were taken with: those of the last ones misfit an average.
        statistics = [one for net in nets.values() for one in net.buffers() if one.is_floating_point()]
        self._parameters: list[Tensor] = [*weights, *statistics]
        self._shadow: list[Tensor] = []
        self._count = 0

    @torch.no_grad()
    def follow(self, decay: float) -> None:
        """Move the shadow toward the weights; young averages forget their start faster, so none is biased to it."""
        live = [p.detach() for p in self._parameters]
        if not self._shadow:
            self._shadow = [p.clone() for p in live]
        self._count += 1
        # Without forgetting, every step weighs the same (stochastic weight averaging).
        toward = (1 - decay) / (1 - decay**self._count) if decay < 1 else 1 / self._count
        torch._foreach_lerp_(self._shadow, live, toward)

    def forget(self) -> None:
        """Begin anew, as after going back to earlier weights."""
        self._shadow, self._count = [], 0

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Put the shadow in the networks' place inside the block; do nothing while there is none."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for index, shadow in enumerate(self._shadow):
            parameter = self._parameters[index]
            self._shadow[index] = parameter.detach().clone()
            parameter.copy_(shadow)

    def state_dict(self) -> dict[str, object]:
        """Return the shadow and its age."""
        return {"count": self._count, "shadow": {str(i): one for i, one in enumerate(self._shadow)}}

    def load_state_dict(self, state: Mapping[str, object]) -> None:
        """Take back what :meth:`state_dict` gave."""
        shadow, count = state["shadow"], state["count"]
        assert isinstance(shadow, dict) and isinstance(count, int)
        self._count = count
        # Saved on one device, it may be gone on with on another.
        self._shadow = [torch.empty_like(self._parameters[i]).copy_(shadow[str(i)]) for i in range(len(shadow))]
