"""Metrics: numbers that say how good answers are, each able to value a thousand resamples at once."""

from glia.core.shelf import Shelf

__all__ = ["metrics"]

metrics = Shelf("glia.metrics")
