"""How people write that nothing is there."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["any_missing", "is_missing"]

# A label such as "none" or "-" (beside "+") can be an answer, so a target takes only the first set.
_ALWAYS = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "null", "nat", "?"})
_AS_INPUT = _ALWAYS | {
    "none", "nil", "missing", "-", "--", ".", "..", "...", "\\n", "n.a.", "n.a", "#na", "#null!", "#value!",
    "(missing)", "(null)", "not available", "1.#qnan", "-1.#ind",
}  # fmt: skip


def is_missing(word: str, *, strict: bool = False) -> bool:
    """Return whether a word only says that nothing is there.

    Args:
        word: A cell's text without surrounding white space.
        strict: Take only spellings that are never an answer; for columns that are asked for.

    Example:
        >>> is_missing("N/A"), is_missing("-"), is_missing("-", strict=True)
        (True, True, False)
    """
    return word.lower() in (_ALWAYS if strict else _AS_INPUT)


def any_missing(words: Iterable[str], *, strict: bool = False) -> bool:
    """Return whether any of many words says that nothing is there, much faster than one by one."""
    return not (_ALWAYS if strict else _AS_INPUT).isdisjoint(map(str.lower, words))
