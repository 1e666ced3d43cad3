"""What remedies that ask once have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

from glia.core.parts import Remedy
from glia.core.values import Edit, Readings

__all__ = ["Setter"]


class Setter(Remedy):
    """Ask once, when first consulted, for knobs to be set."""

    def __init__(self) -> None:
        self.asked = False

    @abstractmethod
    def wish(self) -> Edit:
        """Return what is asked for."""

    def decide(self, readings: Readings, knobs: Mapping[str, float]) -> Edit | None:  # noqa: ARG002
        """Return the wish the first time, then nothing."""
        if self.asked:
            return None
        self.asked = True
        return self.wish()
