"""Floor 1: pure maps of weights, put on while training and folded when saved."""

from glia.core.shelf import Shelf

__all__ = ["reparams"]

reparams = Shelf("glia.reparams")
