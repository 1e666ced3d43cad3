"""Yardsticks: simple models that every network is set beside, on the same split and in a stated time."""

from glia.core.shelf import Shelf
from glia.judge.yardsticks._measure import Yard, measure, refitted

__all__ = ["Yard", "measure", "refitted", "yardsticks"]

yardsticks = Shelf("glia.judge.yardsticks")
