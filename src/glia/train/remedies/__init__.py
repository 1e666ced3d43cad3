"""Who may ask for a change while training runs."""

from glia.core.shelf import Shelf

__all__ = ["remedies"]

remedies = Shelf("glia.train.remedies")
