"""Floor 1: one file per data kind: recognize, clean, learn, encode, decode, summarize, corrupt."""

from glia.core.shelf import Shelf

__all__ = ["columns"]

columns = Shelf("glia.columns")
