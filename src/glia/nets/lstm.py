"""Long short-term memory."""

from __future__ import annotations

from glia.nets.blocks.recurrence import RecurrentNet

__all__ = ["LSTM"]


class LSTM(RecurrentNet):
    """Long short-term memory (Hochreiter & Schmidhuber 1997): gates decide what to keep, to take in and to tell.

    Forget gates (Gers et al. 2000) begin open, so that it remembers over long distances from the first step on.

    Options are those of every recurrent network: see :class:`~glia.nets.blocks.recurrence.RecurrentNet`.

    Example:
        >>> from glia.core.values import Spec
        >>> net = LSTM({"series": Spec(("time", "variable"), (4, 2))}, Spec(("class",), (3,)), width=8)
        >>> net.recurrence.width  # both directions
        16
    """

    cell = "lstm"
