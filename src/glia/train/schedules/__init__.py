"""The factor on the learning rate, from the first step to the last."""

from glia.core.shelf import Shelf

__all__ = ["schedules"]

schedules = Shelf("glia.train.schedules")
