"""Long text as codes of words, pieces or characters, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from glia.columns._cells import Cells, cells, word_of
from glia.columns._levels import GIVEN, LOOK_AT, MANY, level_of
from glia.columns._padded import padded
from glia.columns._parse import numeric_share
from glia.columns._refuse import missing_target, newly_missing
from glia.columns._slips import swapped
from glia.columns._spaced import spaced
from glia.columns._tokens import END, UNKNOWN, Level, Tokens, cleaned, restored, tokens_of
from glia.core.finding import Finding
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import Spec

__all__ = ["Prose"]

_FEWEST_WORDS = 8  # a title or a name has fewer, and is read as a bag of words
_FEWEST_LETTERS = 40  # of a text that is written without spaces
_LONGEST, _SHORTEST = 512, 8
_LONGEST_LABELED = 4_096  # every word is asked for its label, so that none may be cut
_COVERED = 0.99  # of the training texts are read whole
_LETTERS_A_CODE = 32  # what is read of a text of a million letters before it is cut
_SKETCHED = 256


class Prose(Column):
    """Long text: codes in the order of the text, 0 = padding, 1 = unknown, 2 = start, 3 = end, then what was learned.

    A source text is read as lower-case words where texts are written with spaces and their words come again; as
    pieces of words (byte-level BPE) where many words are new each time or nothing parts them; as characters where
    there are few different ones. A text that is asked for consists of pieces, so that every text can be said, with its
    start and end. Measured on 10,662 film reviews with a naive-Bayes SVM, words (0.799), words seen twice (0.797) and
    4000 pieces (0.797) are level; words make the shortest rows.

    Args:
        name: The column's name in the table.
        role: ``"input"`` or ``"target"``.

    Attributes:
        level: ``"word"``, ``"piece"`` or ``"character"``; set it before learning to have it so, ``None`` = by the data.
            ``"foreign"`` where the vocabulary came with a network, see :meth:`give`.
        lower: Whether capitals are made small.
        longest: How many codes of a text are read.
        reason: Why this level and this length.

    Example:
        >>> review = Prose("review")
        >>> rows = Raw(np.array(["a good film, a very good one", "not good", ""], dtype=object), np.ones(3, bool))
        >>> review.learn(rows)
        >>> review.encode(rows)["token"].tolist()[1:]
        [[8, 4, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0]]
        >>> review.specs()["token"].classes[0][:6]
        ('(padding)', '(unknown)', '(start)', '(end)', 'good', 'a')
    """

    kind = "prose"
    askable = True

    def __init__(self, name: str, role: Literal["input", "target"] = "input") -> None:
        super().__init__(name, role)
        self.level: Level | None = None
        self.lower = role == "input"
        self.given = False
        self.most = _LONGEST
        self.longest = _SHORTEST
        self.gaps = False
        self.unknown = 0.0
        self.reason = ""
        self.tokens: Tokens = restored("word", [])

    @staticmethod
    def recognize(raw: Raw) -> Guess:
        if raw.values.dtype != object or raw.values.ndim != 1:
            return Guess(0.0, "its values are not text")
        if not all(isinstance(value, str | None) for value in raw.values[:LOOK_AT].tolist()):
            return Guess(0.0, "its values are not text")
        found = cells(raw)
        if not found.words or numeric_share(found)[0] >= 0.9:
            return Guess(0.0, "its values are not text")
        some = found.words[:: len(found.words) // LOOK_AT + 1]
        words = float(np.median([len(text.split()) for text in some]))
        if words >= _FEWEST_WORDS:
            return Guess(0.7, f"a typical row is {words:.0f} words long")
        letters = [len(text) for text in some]
        # Keys and addresses have no spaces either: the former are of one length, the latter hold strokes.
        strokes = sum("/" in text or "@" in text for text in some) > 0.1 * len(some)
        if words <= 2 and np.median(letters) >= _FEWEST_LETTERS and len(set(letters)) > 3 and not strokes:
            return Guess(0.9, f"a typical row is {np.median(letters):.0f} letters long, without spaces")
        return Guess(0.1, f"a typical row is only {words:.0f} words long")

    def give(self, level: Level, tokens: Any, *, lower: bool, most: int = _LONGEST) -> None:
        """Read texts with a vocabulary that a network was trained with, instead of learning one.

        Args:
            level: What has a code.
            tokens: The vocabulary's state.
            lower: Whether capitals are made small first.
            most: How many codes of a text that network can read.
        """
        self.level, self.lower, self.most, self.given = level, lower, most, True
        self.tokens = restored(level, tokens)

    def word_by_word(self) -> None:
        """Read a code for each word as spaces part them, capitals kept and nothing cut, as labels of words want it."""
        self.level, self.lower, self.most = "spaced", False, _LONGEST_LABELED

    def learn(self, raw: Raw) -> None:
        found = self._cells(raw)
        missing_target(self.name, found.codes < 0) if self.role == "target" else None
        self.gaps = bool((found.codes < 0).any())
        if self.level is None:
            self.level, why = level_of([self._cleaned(text, "word") for text in found.words], self.role)
        else:
            why = "the vocabulary came with the network" if self.given else GIVEN.get(self.level, "it was chosen")
        texts = [self._cleaned(text, self.level) for text in found.words]
        if not self.given:
            self.tokens = tokens_of(self.level, texts, found.counts)
        codes, lengths = self.tokens.codes(texts)
        lengths = np.repeat(lengths, found.counts) if len(lengths) else np.zeros(1, np.int64)
        most, wanted = int(lengths.max()), int(np.quantile(lengths, _COVERED, method="higher"))
        # A text asked for must not end early, and a few codes more than most texts have cost nothing.
        wanted = most if self.role == "target" or most <= 2 * wanted else wanted
        wanted = self.most if self.level == "spaced" else wanted
        self.longest = int(np.clip(wanted, min(_SHORTEST, self.most), self.most)) + 2 * (self.role == "target")
        self.unknown = float((codes == self.tokens.unknown).mean()) if len(codes) else 0.0
        cut = float((lengths > self.longest).mean())
        said = f"; {cut:.1%} of the texts are longer and are cut" if cut else ""
        self.reason = f"read as {MANY[self.level]}: {why}; at most {self.longest} of a text{said}"

    def clean(self, text: str) -> str:
        """Return a text as it is read, whole: in one Unicode form, without control characters."""
        return cleaned(text, lower=self.lower and self.level != "character", form="NFC")

    def learn_text(self, text: str) -> None:
        """Learn from one long clean text, instead of rows."""
        self.level = self.level or "character"
        self.tokens = tokens_of(self.level, [text] if self.level == "character" else text.splitlines(keepends=True))
        self.longest, self.reason = _LONGEST, f"read as {MANY[self.level]}"

    def specs(self) -> dict[str, Spec]:
        group = "token" if self.role == "input" else "target"
        return {group: Spec(("time",), (None,), "int32", (self.name,), (self.tokens.labels,))}

    def encode(self, raw: Raw) -> dict[str, np.ndarray]:
        found = self._cells(raw)
        if self.role == "target":
            missing_target(self.name, found.codes < 0)
            return {"target": found.spread(self._padded(found.words), 0)}
        codes = found.spread(self._padded(found.words), 0)
        codes = codes if len(codes) else np.zeros((0, 1), np.int32)
        # A text of nothing is one unknown code, so that no row is nothing but padding.
        return {
            "token": np.where((codes == 0).all(1, keepdims=True) & (np.arange(codes.shape[1]) == 0), UNKNOWN, codes)
        }

    def decode(self, values: np.ndarray) -> np.ndarray:
        """Return (N, L) codes as (N,) texts, each up to its end."""
        texts = np.empty(len(values), object)
        for row, codes in enumerate(np.asarray(values, np.int64).tolist()):
            texts[row] = self.tokens.text(codes[: codes.index(END)] if END in codes else codes)
        return texts

    def review(self, raw: Raw) -> list[Finding]:
        """Return where later texts are cut, missing as never before, or full of unknown words."""
        found = self._cells(raw)
        said = [] if self.gaps else newly_missing(self.name, found.codes < 0)
        if not found.here:
            return said
        codes, lengths = self.tokens.codes([self._cleaned(text, self.tokens.level) for text in found.words])
        long = np.flatnonzero(found.spread(lengths > self.longest, False))
        share = float((codes == self.tokens.unknown).mean()) if len(codes) else 0.0
        if len(long) > (1 - _COVERED) * len(raw) + 1:
            text = (
                f"{len(long)} texts of {self.name!r} are longer than the {self.longest} {MANY[self.tokens.level]} read"
            )
            said.append(self._note("long_texts", text, int(long[0]), len(long), "what comes after was not read"))
        if share > 0.2 and share > 2 * self.unknown:
            first = int(np.searchsorted(np.cumsum(lengths), np.argmax(codes == self.tokens.unknown), "right"))
            row, count = int(np.flatnonzero(found.codes == first)[0]), int((codes == self.tokens.unknown).sum())
            text = (
                f"{share:.0%} of the {MANY[self.tokens.level]} of {self.name!r} are new (training: {self.unknown:.0%})"
            )
            said.append(self._note("unknown_words", text, row, count, "they count as unknown"))
        return said

    def state(self) -> dict[str, Any]:
        return {
            "level": self.tokens.level,
            "lower": self.lower,
            "longest": self.longest,
            "most": self.most,
            "gaps": self.gaps,
            "unknown": self.unknown,
            "reason": self.reason,
            "tokens": self.tokens.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.level, self.lower, self.longest = state["level"], state["lower"], state["longest"]
        self.gaps, self.unknown, self.reason = state["gaps"], state["unknown"], state["reason"]
        self.most = state.get("most", _LONGEST)
        self.tokens = restored(state["level"], state["tokens"])

    def summarize(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return quantiles of the texts' lengths, counts of the first codes, and the shares of what is not there."""
        found = self._cells(raw)
        rows = found.spread(self._padded(found.words), 0)
        lengths = (rows != 0).sum(1)[found.codes >= 0]
        counts = np.bincount(rows.reshape(-1), minlength=_SKETCHED)[:_SKETCHED]
        levels = np.quantile(lengths, np.linspace(0, 1, 33)) if len(lengths) else np.zeros(33)
        gone = (found.codes < 0).mean() if len(raw) else 0.0
        counts[0] = 0  # how much padding there is says how the texts were stacked
        return {
            "lengths": levels.astype(np.float32),
            "codes": counts.astype(np.int64),
            "missing": np.array([gone], np.float32),
        }

    def corrupt(self, raw: Raw, strength: float, generator: np.random.Generator) -> Raw:
        """Return texts with two neighboring letters of some words swapped, one word in five."""
        values = raw.values.astype(object)
        for row in np.flatnonzero((generator.random(len(raw)) < strength) & raw.present):
            words = word_of(values[row])[: _LONGEST * _LETTERS_A_CODE].split(" ")
            for at in generator.choice(len(words), -(-len(words) // 5), replace=False).tolist():
                if len(words[at]) > 1:
                    words[at] = swapped(words[at], generator)
            values[row] = " ".join(words)
        return replace(raw, values=values)

    def _cells(self, raw: Raw) -> Cells:
        return cells(raw, strict=self.role == "target" or self.level == "spaced")

    def _cleaned(self, text: str, level: Level) -> str:
        if level == "spaced":
            return spaced(text[: _LONGEST_LABELED * _LETTERS_A_CODE])
        form: Literal["NFC", "NFKC"] = "NFKC" if level == "word" and self.role == "input" else "NFC"
        return cleaned(text[: _LONGEST * _LETTERS_A_CODE], lower=self.lower and level != "character", form=form)

    def _padded(self, texts: Sequence[str]) -> np.ndarray:
        """Return texts as rows of codes, (texts, L) int32, as wide as the longest needs."""
        clean = [self._cleaned(text, self.tokens.level) for text in texts]
        return padded(self.tokens, clean, self.longest, framed=self.role == "target")

    def _note(self, code: str, text: str, row: int, count: int, then: str) -> Finding:
        return Finding(code, "note", text, {"column": self.name, "row": row, "count": count}, then)
