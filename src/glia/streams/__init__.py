"""Floor 2: where batches come from."""

from glia.core.shelf import Shelf

__all__ = ["streams"]

streams = Shelf("glia.streams")
