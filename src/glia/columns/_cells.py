"""A raw column as distinct words and codes, so that text is looked at once per word and not once per row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np

from glia.columns._missing import any_missing, is_missing
from glia.core.raw import Raw

__all__ = ["Cells", "cells", "word_of"]

_Found = TypeVar("_Found")
_LONG = 40


@dataclass(frozen=True)
class Cells:
    """Distinct words, and which of them each row holds.

    Args:
        words: Distinct texts without surrounding white space, in order of first appearance.
        codes: (N,) int64 index into ``words``; -1 where nothing is there.
    """

    words: list[str]
    codes: np.ndarray
    _known: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def here(self) -> int:
        """How many rows hold something."""
        return int((self.codes >= 0).sum())

    @property
    def counts(self) -> np.ndarray:
        """How often each word occurs, (words,) int64."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.words))

    def spread(self, per_word: np.ndarray, missing: Any) -> np.ndarray:
        """Return a value per word as a value per row."""
        if np.array_equal(self.codes, np.arange(len(per_word))):
            return per_word  # every row its own word, as in free text; copying that is what costs
        return np.concatenate([per_word, np.full_like(per_word, missing, shape=(1, *per_word.shape[1:]))])[self.codes]

    def read(self, how: str, reader: Callable[[list[str]], _Found]) -> _Found:
        """Return what a reader makes of the words, asking it only once."""
        if how not in self._known:
            self._known[how] = reader(self.words)
        return self._known[how]


def cells(raw: Raw, *, strict: bool = False) -> Cells:
    """Return a raw column as words and codes.

    Args:
        raw: (N,) values of any kind.
        strict: Take as missing only what is never an answer.

    Example:
        >>> found = cells(Raw(np.array([" a", "b", "a", "N/A"], dtype=object), np.ones(4, bool)))
        >>> found.words, found.codes.tolist()
        (['a', 'b'], [0, 1, 0, -1])
    """
    # Every kind asks for the same words when a column is recognized; they are kept beside their values.
    kept: dict[bool, Cells] = vars(raw).setdefault("_cells", {})
    if strict not in kept:
        found, codes = _words(raw.values)
        kept[strict] = _cleaned(found, np.where(raw.present, codes, -1), strict)
    return kept[strict]


def _words(values: np.ndarray) -> tuple[list[str], np.ndarray]:
    if values.dtype == object:
        return _text(values)
    if values.ndim > 1:
        # Pictures tell apart by their bytes; the words only stand for them.
        return _text(np.array([*(row.tobytes() for row in values), None], object)[:-1])
    return _typed(values)


def _text(values: np.ndarray) -> tuple[list[str], np.ndarray]:
    cells = values.tolist()
    try:
        found = dict.fromkeys(cells)
        plain = set(map(type, found)) <= {str, type(None)}
    except TypeError:
        plain = False  # a list or the like in a cell
    if not plain:
        # 1, True and 1.0 are different texts but equal keys, so everything becomes text first.
        cells = [word_of(value) for value in cells]
        found = dict.fromkeys(cells)
    index = dict(zip(found, range(len(found))))
    codes = np.fromiter(map(index.__getitem__, cells), np.int64, len(cells))
    return [word or "" for word in found], codes


def _typed(values: np.ndarray) -> tuple[list[str], np.ndarray]:
    found, codes = np.unique(values, return_inverse=True)
    return [word_of(value) for value in found.tolist()], codes.astype(np.int64)


def _cleaned(found: list[str], codes: np.ndarray, strict: bool) -> Cells:
    """Strip white space, merge words that became equal, and let missing ones go."""
    words = list(map(str.strip, found))
    if words == found and not any_missing(words, strict=strict) and not (codes < 0).any():
        return Cells(words, codes)
    # Rows that the source left empty may have been the only ones with a word, so what is unused goes, too.
    used = np.zeros(len(words) + 1, bool)
    used[codes] = True
    index: dict[str, int] = {}
    moved = [
        -1 if not kept or is_missing(word, strict=strict) else index.setdefault(word, len(index))
        for word, kept in zip(words, used.tolist())
    ]
    return Cells(list(index), np.array([*moved, -1], np.int64)[codes])


def word_of(value: object) -> str:
    """Return a value as a file would spell it: whole numbers without a point, nothing for what is not there.

    Example:
        >>> word_of(3.0), word_of(True), word_of(None), word_of(float("nan"))
        ('3', 'True', '', '')
    """
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return ""
    if isinstance(value, np.generic):
        return word_of(value.item())
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, bytes):
        if len(value) > _LONG:  # a file
            return f"{len(value)} bytes {blake2b(value, digest_size=8).hexdigest()}"
        return value.decode("utf-8", "replace")
    return str(value)
