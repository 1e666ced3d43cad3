"""Text to codes and back: words, pieces of words (byte-level BPE) or letters, learned from training texts.

Codes 0 to 3 are the same everywhere: padding, unknown, start and end. None of them can be written in a text: what is
learned begins at code 4, and "(end)" in a text is a bracket, a word and a bracket.
"""

from __future__ import annotations

import json
import re
import unicodedata
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Literal

import numpy as np

__all__ = ["END", "MARKS", "PADDING", "START", "UNKNOWN", "Level", "Tokens", "cleaned", "restored", "tokens_of"]

Level = Literal["word", "piece", "character", "foreign", "spaced"]

PADDING, UNKNOWN, START, END = range(4)
MARKS = ("(padding)", "(unknown)", "(start)", "(end)")

_MOST_WORDS = 30_000
_MOST_PIECES, _FEWEST_PIECES = 8_000, 512
_LEARNED_FROM = 20_000_000  # letters; more make pieces no better and learning them slow
_ONCE = 1_000  # texts from which a word seen once is no longer learned, so that the code of unknown ones is trained
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def cleaned(text: str, *, lower: bool, form: Literal["NFC", "NFKC"]) -> str:
    """Return a text in one Unicode form, control characters and halves of characters as spaces.

    Example:
        >>> cleaned("Ｃafe\\u0301\\x00!", lower=True, form="NFKC")
        'café !'
    """
    if not text.isascii():
        text = unicodedata.normalize(form, text)
    text = _CONTROL.sub(" ", text)
    return text.lower() if lower else text


class Tokens(ABC):
    """A vocabulary: texts to codes and back."""

    level: Level
    labels: tuple[str, ...]
    """What each code stands for, the four marks first."""
    unknown: int = UNKNOWN
    """The code of what has none."""
    ending: tuple[int, ...] = ()
    """What closes every text, also one that is cut."""

    @abstractmethod
    def codes(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the codes of all texts one after another, (total,) int32, and how many each has, (N,) int64."""

    @abstractmethod
    def text(self, codes: Sequence[int]) -> str:
        """Return what codes spell; marks spell nothing."""

    def spells(self, code: int) -> int:
        """Return how many characters a code stands for; a mark stands for one it could not read."""
        return len(self.labels[code]) if code >= len(MARKS) else 1

    @abstractmethod
    def state(self) -> Any:
        """Return what was learned as JSON values."""


class Words(Tokens):
    """Runs of letters, runs of digits, and every other sign by itself; the most frequent ones have codes."""

    level: Level = "word"

    def __init__(self, words: Sequence[str]) -> None:
        self.labels = (*MARKS, *words)
        self._index = {word: code for code, word in enumerate(words, len(MARKS))}

    @classmethod
    def learned(cls, texts: Sequence[str], counts: np.ndarray) -> Words:
        """Return the words of training texts, each counted as often as its text occurs."""
        found: Counter[str] = Counter()
        for text, count in zip(texts, counts.tolist()):
            for word in _word().findall(text):
                found[word] += count
        least = 2 if counts.sum() >= _ONCE else 1
        often = sorted((-count, word) for word, count in found.items() if count >= least)
        return cls([word for _, word in often[:_MOST_WORDS]])

    def codes(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        found = [_word().findall(text) for text in texts]
        get = self._index.get
        return _flat([[get(word, UNKNOWN) for word in words] for words in found])

    def text(self, codes: Sequence[int]) -> str:
        joined = " ".join(self.labels[code] for code in codes if code >= len(MARKS))
        return re.sub(r" (?=[.,;:!?%)\]}…])|(?<=[(\[{¿¡]) ", "", joined)

    def state(self) -> Any:
        return list(self.labels[len(MARKS) :])


class Letters(Tokens):
    """Every character by itself."""

    level: Level = "character"

    def __init__(self, letters: Sequence[str]) -> None:
        self.labels = (*MARKS, *letters)
        self._points = np.array([ord(letter) for letter in letters], np.uint32)  # ascending

    @classmethod
    def learned(cls, texts: Sequence[str], counts: np.ndarray) -> Letters:  # noqa: ARG003 - every text has its say
        """Return the characters of training texts; of very many, the most frequent ones."""
        points, seen = np.unique(_points(texts), return_counts=True)
        kept = np.sort(points[np.argsort(-seen, kind="stable")[:_MOST_WORDS]])
        return cls([chr(point) for point in kept.tolist()])

    def codes(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        points = _points(texts)
        at = np.searchsorted(self._points, points)
        known = at < len(self._points)
        known[known] = self._points[at[known]] == points[known]
        return np.where(known, at + len(MARKS), UNKNOWN).astype(np.int32), np.array([len(t) for t in texts], np.int64)

    def text(self, codes: Sequence[int]) -> str:
        return "".join(self.labels[code] for code in codes if code >= len(MARKS))

    def state(self) -> Any:
        return list(self.labels[len(MARKS) :])


class Pieces(Tokens):
    """Pieces of words by byte-pair encoding over bytes: nothing is ever unknown, and every text comes back.

    Source: Sennrich, Haddow, Birch, *Neural Machine Translation of Rare Words with Subword Units*, 2016,
    https://arxiv.org/abs/1508.07909, over bytes as in GPT-2.
    """

    level: Level = "piece"

    def __init__(self, state: Mapping[str, Any]) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_str(json.dumps(state))
        vocabulary = self._tokenizer.get_vocab()
        self._names = sorted(vocabulary, key=vocabulary.__getitem__)
        self.labels = (*MARKS, *(_spelled(name) for name in self._names[len(MARKS) :]))

    @classmethod
    def learned(cls, texts: Sequence[str], counts: np.ndarray) -> Pieces:  # noqa: ARG003 - pairs are counted by text
        """Return the pieces of training texts."""
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        letters = np.cumsum([len(text) for text in texts])
        # A step through all texts sees every part of a table that is too long to learn from whole.
        step = int(letters[-1] // _LEARNED_FROM) + 1 if len(letters) else 1
        # Words grow with the root of a text's length (Heaps' law), and so should their pieces.
        size = int(np.clip(4 * letters[-1] ** 0.5 if len(letters) else 0, _FEWEST_PIECES, _MOST_PIECES))
        found = Tokenizer(models.BPE())
        found.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False, initial_alphabet=alphabet)
        found.train_from_iterator(texts[::step], trainer)
        model = json.loads(found.to_str())["model"]
        order = sorted(model["vocab"], key=model["vocab"].__getitem__)
        vocabulary = {name: code for code, name in enumerate((*MARKS, *order))}
        merges = [tuple(pair) if isinstance(pair, list) else tuple(pair.split(" ")) for pair in model["merges"]]
        shifted = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
        shifted.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        return cls(json.loads(shifted.to_str()))

    def codes(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        return _flat([found.ids for found in self._tokenizer.encode_batch_fast(list(texts))])

    def text(self, codes: Sequence[int]) -> str:
        spelled = "".join(self._names[code] for code in codes if code >= len(MARKS))
        return _bytes(spelled).decode("utf-8", "replace").removeprefix(" ")

    def spells(self, code: int) -> int:
        # Of the bytes of a character, only the first is counted.
        return sum(byte & 0xC0 != 0x80 for byte in _bytes(self._names[code])) if code >= len(MARKS) else 1

    def state(self) -> Any:
        return json.loads(self._tokenizer.to_str())


class Foreign(Tokens):
    """The pieces of a tokenizer that was made with some network elsewhere, moved up by the four marks.

    What that tokenizer puts around a text is part of it; what a text itself holds never counts as such a mark.
    """

    level: Level = "foreign"

    def __init__(self, state: Mapping[str, Any]) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_str(json.dumps(state))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._tokenizer.encode_special_tokens = True
        vocabulary = self._tokenizer.get_vocab(with_added_tokens=True)
        names = {code: name for name, code in vocabulary.items()}
        self.labels = (*MARKS, *(names.get(code, f"(unused {code})") for code in range(max(names) + 1)))
        model = state["model"]
        unknown = vocabulary.get(model.get("unk_token"), model.get("unk_id"))
        self.unknown = UNKNOWN if unknown is None else unknown + len(MARKS)
        empty = self._tokenizer.encode("")
        text = self._tokenizer.encode("a")
        before = next((at for at, mark in enumerate(text.special_tokens_mask) if not mark), 0)
        self.ending = tuple(code + len(MARKS) for code in empty.ids[before:])

    def codes(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        found, lengths = _flat([found.ids for found in self._tokenizer.encode_batch_fast(list(texts))])
        return found + len(MARKS), lengths

    def text(self, codes: Sequence[int]) -> str:
        spelled: str = self._tokenizer.decode([code - len(MARKS) for code in codes if code >= len(MARKS)])
        return spelled

    def state(self) -> Any:
        return json.loads(self._tokenizer.to_str())


_LEVELS: dict[str, Any] = {"word": Words, "piece": Pieces, "character": Letters, "foreign": Foreign}


def tokens_of(level: Level, texts: Sequence[str], counts: np.ndarray | None = None) -> Tokens:
    """Return the vocabulary of training texts.

    Args:
        level: What has a code: words, pieces of words or characters.
        texts: Cleaned texts.
        counts: (N,) how often each occurs.

    Example:
        >>> tokens_of("character", ["abba"]).codes(["abc"])[0].tolist()
        [4, 5, 1]
    """
    found: Tokens = _kind(level).learned(texts, np.ones(len(texts), np.int64) if counts is None else counts)
    return found


def restored(level: Level, state: Any) -> Tokens:
    """Return the vocabulary that a state describes."""
    found: Tokens = _kind(level)(state)
    return found


def _kind(level: Level) -> Any:
    from glia.columns._spaced import Spaced  # it is made of what stands here

    return {**_LEVELS, "spaced": Spaced}[level]


@lru_cache(maxsize=1)
def _word() -> re.Pattern[str]:
    """Return the pattern of words; marks such as vowel signs belong to the letters before them."""
    marks = [point for point in range(0x300, 0x20000) if unicodedata.category(chr(point))[0] == "M"]
    starts = [point for at, point in enumerate(marks) if not at or marks[at - 1] != point - 1]
    ends = [point for at, point in enumerate(marks) if at + 1 == len(marks) or marks[at + 1] != point + 1]
    inside = "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends))
    return re.compile(rf"[^\W\d_](?:[^\W\d_]|[{inside}])*|\d+|[^\w\s]|_")


def _flat(found: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    lengths = np.array([len(codes) for codes in found], np.int64)
    return np.fromiter(chain.from_iterable(found), np.int32, int(lengths.sum())), lengths


def _points(texts: Sequence[str]) -> np.ndarray:
    return np.frombuffer("".join(texts).encode("utf-32-le", "replace"), np.uint32)


@lru_cache(maxsize=1)
def _byte_of() -> dict[str, int]:
    """Return the byte behind each sign of byte-level pieces, by GPT-2's rule: what prints stands for itself."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    other = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + at): byte for at, byte in enumerate(other)}


def _bytes(name: str) -> bytes:
    return bytes(_byte_of()[sign] for sign in name)


def _spelled(name: str) -> str:
    return _bytes(name).decode("utf-8", "replace")
