"""Texts of different lengths as rows of codes of one width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glia.columns._tokens import END, START, Tokens

__all__ = ["padded"]


def padded(tokens: Tokens, texts: Sequence[str], longest: int, *, framed: bool) -> np.ndarray:
    """Return texts as rows of codes, (texts, L) int32 padded with 0, as wide as the longest needs.

    Args:
        tokens: The vocabulary.
        texts: Cleaned texts.
        longest: How many codes of a text are kept, start and end among them.
        framed: Whether a start stands before and an end behind each, as a text wants it that is asked for.

    Example:
        >>> from glia.columns._tokens import tokens_of
        >>> padded(tokens_of("character", ["ab"]), ["ba", "aab"], 4, framed=True).tolist()
        [[2, 5, 4, 3], [2, 4, 4, 3]]
    """
    codes, lengths = tokens.codes(texts)
    room = longest - 2 * framed
    kept = np.minimum(lengths, room)
    rows = np.zeros((len(texts), max(int(kept.max(initial=0)) + 2 * framed, 1)), np.int32)
    place = np.arange(len(codes)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    row, inside = np.repeat(np.arange(len(texts)), lengths), place < room
    rows[row[inside], place[inside] + framed] = codes[inside]
    if ending := tokens.ending[: room - 1]:
        rows[lengths > room, room - len(ending) : room] = ending
    if framed and len(texts):
        rows[:, 0] = START
        rows[np.arange(len(texts)), kept + 1] = END
    return rows
