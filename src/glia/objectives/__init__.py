"""Floor 2: what is right: losses, turns and what a bundle will offer."""

from glia.core.shelf import Shelf

__all__ = ["objectives"]

objectives = Shelf("glia.objectives")
