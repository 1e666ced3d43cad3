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

    For answers about a picture as a whole, and for answers to every pixel (B, K, H, W), which are moved back; not for
    boxes. It costs ``count`` times as much, which whoever uses it has to say.

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
        parts = [
            _back(self.net(batch.having(image=view)), aside, mirrored) * share
            for share, view, aside, mirrored in self._views(pictures)
        ]
        return torch.stack(parts).sum(0)

    def _views(self, pictures: Tensor) -> Iterator[tuple[float, Tensor, int, bool]]:
        """Yield a share, the view, how many pixels farther right and down it shows things, and if it is mirrored."""
        moved = [(1.0, pictures, 0)]
        if self.shift:
            height, width = pictures.shape[2:]
            wide = F.pad(pictures.float(), (self.shift,) * 4, "reflect").to(pictures.dtype)
            ends = (wide[:, :, :height, :width], wide[:, :, -height:, -width:])
            asides = (self.shift, -self.shift)
            moved = [(0.5, pictures, 0), *((0.25, view, aside) for view, aside in zip(ends, asides, strict=True))]
        for share, view, aside in moved:
            if self.mirror:
                yield share / 2, view.flip(3), aside, True
            yield share / (2 if self.mirror else 1), view, aside, False


def _back(answer: Tensor, aside: int, mirrored: bool) -> Tensor:
    """Return an answer to every pixel as of the unmoved picture; others as they are."""
    if answer.dim() != 4:
        return answer
    answer = answer.flip(3) if mirrored else answer
    if aside > 0:
        return F.pad(answer[:, :, aside:, aside:], (0, aside, 0, aside), "replicate")
    return F.pad(answer[:, :, :aside, :aside], (-aside, 0, -aside, 0), "replicate") if aside else answer


def seen_from(nets: Mapping[str, Callable[[Batch], Tensor]], views: int) -> Mapping[str, Callable[[Batch], Tensor]]:
    """Return networks that look at pictures once, at their mirror image, too (2), or also two pixels aside (6).

    Args:
        nets: The networks by role.
        views: 1, 2 or 6.
    """
    if views == 1:
        return nets
    return {role: Views(net, shift=2 if views == 6 else 0) for role, net in nets.items()}
