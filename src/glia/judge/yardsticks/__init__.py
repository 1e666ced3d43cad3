"""Yardsticks: simple models that every network is set beside, on the same split and in a stated time."""

from glia.core.shelf import Shelf
from glia.judge.yardsticks._measure import Yard, measure

__all__ = ["Yard", "measure", "yardsticks"]

yardsticks = Shelf("glia.judge.yardsticks")
