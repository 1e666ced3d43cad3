"""How weights move, given their gradients."""

from glia.core.shelf import Shelf

__all__ = ["optimizers"]

optimizers = Shelf("glia.train.optimizers")
