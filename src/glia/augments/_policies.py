"""The list of changes that RandAugment and TrivialAugment choose from, and how one of them is made.

Legend: B = rows.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from glia.augments import _colors as colors
from glia.augments._moves import Fill, affine, moved, radians
from glia.core.values import Batch

__all__ = ["CHANGES", "changed", "signs"]

# From a strength between -1 and 1 to a map of places, in pixels from the center; H = W = the side given.
_MOVES: dict[str, Callable[[Tensor, int, int], Tensor]] = {
    "identity": lambda s, h, w: affine(len(s)),
    "rotate": lambda s, h, w: affine(len(s), angle=radians(30 * s)),
    "shear_x": lambda s, h, w: affine(len(s), shear=(0.3 * s, 0 * s)),
    "shear_y": lambda s, h, w: affine(len(s), shear=(0 * s, 0.3 * s)),
    "shift_x": lambda s, h, w: affine(len(s), shift=(w * s / 3, 0 * s)),
    "shift_y": lambda s, h, w: affine(len(s), shift=(0 * s, h * s / 3)),
}
# From a strength between -1 and 1 to other pixels.
_COLORS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "autocontrast": colors.autocontrast,
    "equalize": colors.equalize,
    "brightness": lambda x, s: colors.brightness(x, 1 + 0.9 * s),
    "contrast": lambda x, s: colors.contrast(x, 1 + 0.9 * s),
    "saturation": lambda x, s: colors.saturation(x, 1 + 0.9 * s),
    "sharpness": lambda x, s: colors.sharpness(x, 1 + 0.9 * s),
    "posterize": lambda x, s: colors.posterize(x, 8 - 4 * s.abs()),
    "solarize": lambda x, s: colors.solarize(x, 256 * (1 - s.abs())),
}
CHANGES = (*_MOVES, *_COLORS)
"""The fourteen changes."""


def changed(batch: Batch, which: Tensor, strength: Tensor, fill: Fill) -> Batch:
    """Return the batch, each row changed in one way; masks and boxes move with what moves.

    Args:
        batch: The rows.
        which: (B,) places in ``CHANGES``.
        strength: (B,) from -1 to 1; changes that know no direction take its size.
        fill: What comes in from outside.
    """
    pictures = batch.values["image"]
    height, width = pictures.shape[2:]
    forward = affine(len(batch))
    found = pictures.clone()
    for place, name in enumerate(CHANGES):
        here = (which == place).nonzero()[:, 0]
        if not len(here):
            continue
        if name in _MOVES:
            forward[here] = _MOVES[name](strength[here], height, width)
        else:
            found[here] = colors.recolored(pictures, _COLORS[name](pictures[here].float(), strength[here]))
    return moved(batch.having(image=found), forward, fill)


def signs(rows: int, generator: torch.Generator) -> Tensor:
    """Return (B,) of -1 and 1, either with the same chance."""
    return torch.randint(0, 2, (rows,), generator=generator) * 2.0 - 1.0
