"""Rows go through layers that stay as they are once, instead of at every step."""

from __future__ import annotations

import time

import torch
from torch import Tensor, nn

from glia.compose.choices import Choices
from glia.compose.looking import part_of
from glia.compose.prepared import Prepared
from glia.core.net import Net
from glia.core.values import Batch

__all__ = ["seen_once"]

_AT_ONCE = 64
_READ = ("token", "image", "audio", "series")


def seen_once(net: nn.Module, prepared: Prepared, choices: Choices, part: str) -> Batch:
    """Return a part's rows for training: where layers stay as they are, with what those made of each row.

    Rows that augmentation changes are another matter at every step, and are left as they are.

    Args:
        net: The network, whose weights know whether they will change.
        prepared: The rows, where what was made of them is kept for the next build.
        choices: The decisions.
        part: ``"train"`` or ``"valid"``.
    """
    rows = part_of(prepared, part)
    if choices.start is None or choices.augment or not isinstance(net, Net) or not len(rows):
        return rows
    key = (part, choices.start, choices.tune, repr(sorted(choices.net_options.items())))
    if key not in prepared.settled:
        began = time.perf_counter()
        prepared.settled[key] = _made(net, rows)
        if prepared.settled[key] is not None:
            prepared.pace = (time.perf_counter() - began) / len(rows)
    if prepared.settled[key] is None:
        return rows
    values = {name: value for name, value in rows.values.items() if name not in _READ}
    return Batch({**values, "settled": prepared.settled[key]}, rows.weight, rows.row)


def _made(net: Net, rows: Batch) -> Tensor | None:
    """Return what settled layers make of all rows, in their order; texts of one length go together."""
    order, mode, found = rows.by_length(), net.training, list[Tensor]()
    net.eval()
    with torch.no_grad():
        for some in order.split(_AT_ONCE):
            one = net.settled(rows.take(some))
            if one is None:
                net.train(mode)
                return None
            found.append(one)
    net.train(mode)
    return torch.cat(found)[order.argsort()]
