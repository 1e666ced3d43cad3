"""Networks: specs in, tensors out, features and head apart; one file each."""

from glia.core.shelf import Shelf

__all__ = ["nets"]

nets = Shelf("glia.nets")
