"""What has a code in a text (words, pieces of words or characters), decided on training texts alone."""

from __future__ import annotations

from collections.abc import Sequence

from glia.columns._tokens import MARKS, Level, tokens_of

__all__ = ["GIVEN", "LOOK_AT", "MANY", "level_of"]

LOOK_AT = 1_000
"""Texts that are looked at before anything is learned."""
MANY = {
    "word": "words",
    "piece": "pieces of words",
    "character": "characters",
    "foreign": "pieces of words",
    "spaced": "words",
}
"""What codes of a level are called."""
GIVEN = {"spaced": "each is asked for its label"}
"""Why a level that was given is the right one."""

_TRY_WORDS = 0.25  # of the words of new texts that may be unknown before pieces of words are learned instead


def level_of(texts: Sequence[str], role: str) -> tuple[Level, str]:
    """Return what should have codes, and why.

    Args:
        texts: Training texts, cleaned as words want it.
        role: ``"input"`` or ``"target"``; a text asked for must consist of what can say every text.

    Example:
        >>> level_of(["ACGT" * 20, "TTAG" * 20], "input")
        ('character', 'the texts have no spaces and only 4 different characters')
    """
    if role == "target":
        return "piece", "every text can be said in them"
    some = texts[:: len(texts) // LOOK_AT + 1]
    letters, words = sum(map(len, some)), sum(len(text.split()) for text in some)
    if letters > 20 * max(words, 1):
        kinds = len(set("".join(some)))
        if kinds <= 64:
            return "character", f"the texts have no spaces and only {kinds} different characters"
        return "piece", "the texts are written without spaces"
    new = _new_words(texts)
    if new > _TRY_WORDS:
        return "piece", f"{new:.0%} of the words of one text in ten occur in no other"
    return "word", f"{new:.1%} of the words of one text in ten occur in no other"


def _new_words(texts: Sequence[str]) -> float:
    """Return the share of words in every tenth text that the other texts do not hold."""
    held, kept = texts[9::10], [text for at, text in enumerate(texts) if at % 10 != 9]
    if not held:
        return 0.0
    vocabulary = tokens_of("word", kept)
    codes, _ = vocabulary.codes(held)
    return float((codes < len(MARKS)).mean()) if len(codes) else 0.0
