"""How one gradient step is taken."""

from glia.core.shelf import Shelf

__all__ = ["steps"]

steps = Shelf("glia.train.steps")
