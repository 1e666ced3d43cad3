"""The plain recurrent network."""

from __future__ import annotations

from glia.nets.blocks.recurrence import RecurrentNet

__all__ = ["RNN"]


class RNN(RecurrentNet):
    """A plain recurrent network (Elman 1990): each place mixes what comes in with what the place before knew.

    Gradients fade or explode over many places, which is why LSTM and GRU were invented; it is here to see that.

    Options are those of every recurrent network: see :class:`~glia.nets.blocks.recurrence.RecurrentNet`.

    Example:
        >>> from glia.core.values import Spec
        >>> net = RNN({"series": Spec(("time", "variable"), (4, 2))}, Spec(("class",), (3,)), width=8)
        >>> net.recurrence.width  # both directions
        16
    """

    cell = "rnn"
