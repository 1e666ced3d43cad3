"""Names people type: say which one they probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean", "listed"]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the known name closest to a word, or nothing.

    Args:
        word: What was typed.
        known: The names that exist.

    Returns:
        A phrase to append to a message; empty when no known name is close.

    Example:
        >>> did_you_mean("resnet_mpl", ["mlp", "resnet_mlp"])
        " (did you mean 'resnet_mlp'?)"
    """
    known = [str(name) for name in known]
    lowered = {name.lower(): name for name in reversed(known)}
    close = get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return f" (did you mean {lowered[close[0]]!r}?)" if close else ""


def listed(names: Iterable[object], most: int = 8) -> str:
    """Return names as a short comma-separated list, saying how many were left out.

    Example:
        >>> listed(["a", "b", "c"], most=2)
        "'a', 'b' and 1 more"
    """
    names = list(names)
    shown = ", ".join(repr(str(name)) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
