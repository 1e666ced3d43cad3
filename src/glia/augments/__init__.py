"""Floor 1: changes of training rows that leave their answer true, made to whole batches."""

from glia.core.shelf import Shelf

__all__ = ["augments"]

augments = Shelf("glia.augments")
