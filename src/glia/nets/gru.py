"""The gated recurrent unit."""

from __future__ import annotations

from glia.nets.blocks.recurrence import RecurrentNet

__all__ = ["GRU"]


class GRU(RecurrentNet):
    """Gated recurrent units (Cho et al. 2014): an LSTM with two gates instead of three and no separate memory.

    Options are those of every recurrent network: see :class:`~glia.nets.blocks.recurrence.RecurrentNet`.

    Example:
        >>> from glia.core.values import Spec
        >>> net = GRU({"series": Spec(("time", "variable"), (4, 2))}, Spec(("class",), (3,)), width=8)
        >>> net.recurrence.width  # both directions
        16
    """

    cell = "gru"
