"""One answer from several views of a picture (test-time augmentation)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from glia.core.values import Batch

__all__ = ["Views", "seen_from"]


class Views:
    """A network that looks at each picture several times, mirrored and shifted, and answers with the mean.

    Only for answers about a picture as a whole: masks and boxes would have to be moved back. It costs ``count`` times
    as much, which whoever uses it has to say.

    Args:
        net: The network, as objectives call it.
        mirror: Whether the mirror image is looked at, too.
        shift: By how many pixels a picture is moved up and left, and down and right; 0 = not at all. The unmoved
            pictures count for one half.

    Example:
        >>> batch = Batch({"image": torch.zeros(2, 1, 8, 8, dtype=torch.uint8)}, torch.ones(2), torch.arange(2))
        >>> views = Views(lambda batch: torch.ones(2, 3), shift=1)
        >>> views.count, views(batch).tolist()
        (6, [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    """

    def __init__(self, net: Callable[[Batch], Tensor], *, mirror: bool = True, shift: int = 0) -> None:
        self.net = net
        self.mirror = mirror
        self.shift = shift

    @property
    def count(self) -> int:
        """How often each picture is looked at."""
        return (2 if self.mirror else 1) * (3 if self.shift else 1)

    def __call__(self, batch: Batch) -> Tensor:
        """Return the weighted mean of the answers to all views."""
        pictures = batch.values["image"]
        parts = [self.net(batch.having(image=view)) * share for share, view in self._views(pictures)]
        return torch.stack(parts).sum(0)

    def _views(self, pictures: Tensor) -> Iterator[tuple[float, Tensor]]:
        moved = [(1.0, pictures)]
        if self.shift:
            height, width = pictures.shape[2:]
            wide = F.pad(pictures.float(), (self.shift,) * 4, "reflect").to(pictures.dtype)
            ends = (wide[:, :, :height, :width], wide[:, :, -height:, -width:])
            moved = [(0.5, pictures), *((0.25, view) for view in ends)]
        for share, view in moved:
            if self.mirror:
                yield share / 2, view.flip(3)
            yield share / (2 if self.mirror else 1), view


def seen_from(nets: Mapping[str, Callable[[Batch], Tensor]], views: int) -> Mapping[str, Callable[[Batch], Tensor]]:
    """Return networks that look at pictures once, at their mirror image, too (2), or also two pixels aside (6).

    Args:
        nets: The networks by role.
        views: 1, 2 or 6.
    """
    if views == 1:
        return nets
    return {role: Views(net, shift=2 if views == 6 else 0) for role, net in nets.items()}
