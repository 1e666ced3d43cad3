"""Words as spaces part them, for questions about each of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from glia.columns._tokens import MARKS, UNKNOWN, Level, Tokens, cleaned

__all__ = ["Spaced", "spaced"]

_MOST = 30_000
_ENDING = 2  # letters that say much of what a word is: -ed, -ly
_ODD = "\ufffd"


class Spaced(Tokens):
    """Words as spaces part them, capitals kept, so that each stands at its own place and has one code.

    A word seen less than twice is read in small letters, else by its shape and end ("Xx-ed"), else by its shape alone
    (Bikel et al. 1999, *An algorithm that learns what's in a name*); so what is new is not altogether unknown.

    Example:
        >>> words = Spaced.learned(["Anna came", "Anna left", "Paul came"], np.ones(3, int))
        >>> words.labels[4:]
        ('Anna', 'came', '(Xx)', '(x)')
        >>> words.codes(["Came Olga"])[0].tolist()
        [5, 6]
    """

    level: Level = "spaced"

    def __init__(self, words: Sequence[str]) -> None:
        self.labels = (*MARKS, *words)
        self._index = {word: code for code, word in enumerate(words, len(MARKS))}

    @classmethod
    def learned(cls, texts: Sequence[str], counts: np.ndarray) -> Spaced:
        """Return the words of training texts seen twice or more, and the shapes of the others."""
        found: Counter[str] = Counter()
        for text, count in zip(texts, counts.tolist()):
            for word in text.split():
                found[word] += count
        known = {word for word, count in found.items() if count > 1}
        small = {word.lower() for word in known}
        shapes: Counter[str] = Counter()
        for word in found:
            if word not in known and word.lower() not in small:
                shapes.update(_shapes(word))
        words = sorted(known, key=lambda word: (-found[word], word))[:_MOST]
        ends = [shape for shape, count in shapes.items() if count > 1 or "-" not in shape]
        return cls([*words, *sorted(ends, key=lambda shape: (-shapes[shape], shape))])

    def codes(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        found = [[self._code(word) for word in text.split()] for text in texts]
        lengths = np.array([len(codes) for codes in found], np.int64)
        return np.array([code for codes in found for code in codes], np.int32), lengths

    def text(self, codes: Sequence[int]) -> str:
        return " ".join(self.labels[code] for code in codes if code >= len(MARKS))

    def state(self) -> list[str]:
        return list(self.labels[len(MARKS) :])

    def _code(self, word: str) -> int:
        if word in self._index:
            return self._index[word]
        return next((self._index[one] for one in (word.lower(), *_shapes(word)) if one in self._index), UNKNOWN)


def spaced(text: str) -> str:
    """Return a text whose words are cleaned one by one, so that none is lost and none falls apart.

    Example:
        >>> spaced("one\\x00  two"), len(spaced("a \\x00 b").split())
        ('one two', 3)
    """
    return " ".join("".join(cleaned(word, lower=False, form="NFKC").split()) or _ODD for word in text.split())


def _shapes(word: str) -> Iterator[str]:
    """Yield a word's shape with its end, then without: X for capitals, x for letters, 9 for digits, other signs."""
    shape = re.sub(r"(.)\1+", r"\1", "".join(map(_sign, word[:64])))
    yield f"({shape}-{word[-_ENDING:].lower()})"
    yield f"({shape})"


def _sign(letter: str) -> str:
    return "9" if letter.isdigit() else "X" if letter.isupper() else "x" if letter.isalpha() else letter
