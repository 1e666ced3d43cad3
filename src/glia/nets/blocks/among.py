"""A number among a few: an option whose values are names in all but spelling."""

from __future__ import annotations

__all__ = ["Among"]


class Among:
    """One of a few numbers.

    Args:
        numbers: The numbers allowed.

    Example:
        >>> Among(18, 34).holds(18), str(Among(18, 34))
        (True, 'among 18, 34')
    """

    def __init__(self, *numbers: int) -> None:
        self.numbers = numbers

    def holds(self, value: float) -> bool:
        """Return whether a number is one of them."""
        return value in self.numbers

    def __str__(self) -> str:
        return f"among {', '.join(map(str, self.numbers))}"
