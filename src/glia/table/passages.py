"""Passages of one long text: rows of codes without copying, parted where the text goes on.

``passages(table)`` joins the lines of a corpus, learns characters or pieces of words from its first part, and gives
:class:`Passages`: ``"token"`` (N, L + 1) int32, in which code i + 1 is what comes after codes 0 to i. Training
passages begin at every code and are views of one buffer; those that judge follow one another, so that every code is
asked for once. There is no target; truth is (N, 2): how many codes a passage asks for, and how many characters they
spell, by which a loss becomes perplexity and bits per character.

A bundle keeps ``found.state()``; ``Passages.column_of(state)`` encodes prompts and decodes what was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from glia.columns._tokens import Level
from glia.columns.prose import Prose
from glia.core.errors import DataError, UsageError
from glia.core.raw import RawTable
from glia.core.values import Spec

__all__ = ["Passages", "passages"]

PARTS = ("train", "valid", "calibration", "test")
_LETTERS = 4_000_000
"""Characters up to which each has a code; longer texts teach pieces of words."""
_LENGTH = 128


@dataclass
class Passages:
    """Passages by part.

    Args:
        inputs: ``"token"`` (N, L + 1) int32.
        targets: (N, 0): a passage is its own answer.
        truth: (N, 2) float64, codes asked for and the characters they spell.
        units: (N,) each passage is its own.
        column: Text to codes and back.
        length: L, how many codes a passage asks for.
        reasons: What was decided, and why.
    """

    inputs: dict[str, dict[str, np.ndarray]]
    targets: dict[str, np.ndarray]
    truth: dict[str, np.ndarray]
    units: dict[str, np.ndarray]
    column: Prose
    length: int
    reasons: dict[str, str]

    @property
    def specs(self) -> dict[str, Spec]:
        """The spec of each group."""
        return self.column.specs()

    def state(self) -> dict[str, Any]:
        """Return what a bundle must know as JSON values."""
        return {"column": self.column.name, "length": self.length, "state": self.column.state()}

    @staticmethod
    def column_of(state: Mapping[str, Any]) -> Prose:
        """Return the column that a state describes."""
        column = Prose(state["column"])
        column.restore(state["state"])
        return column


def passages(
    table: RawTable,
    name: str | None = None,
    *,
    length: int | None = None,
    level: str | None = None,
    split: str | Sequence[float] | None = None,
) -> Passages:
    """Return the passages of a corpus.

    Args:
        table: A row for each line.
        name: The column of lines; ``None`` = the first.
        length: Codes that a passage asks for.
        level: ``"character"``, ``"piece"``, or ``"word"`` (lower-case words, of which vectors are learned; line
            breaks are lost); ``None`` = characters of texts below four million of them.
        split: ``"0.9,0.05,0.05"`` shares of training, validation and test, in the order of the text; without test
            rows, validation judges.

    Raises:
        UsageError: A split or level that is none.
        DataError: The text is shorter than a few passages.

    Example:
        >>> from glia.core.raw import Origin, Raw
        >>> lines = Raw(np.array(["ab" * 50] * 100, dtype=object), np.ones(100, bool))
        >>> found = passages(RawTable({"text": lines}, Origin("made", "corpus")), length=9)
        >>> found.inputs["train"]["token"].shape, found.inputs["test"]["token"].shape
        ((9080, 10), (56, 10))
    """
    name = name or next(iter(table))
    text = "\n".join("" if value is None else str(value) for value in table[name].values.tolist())
    column, why = _column(name, text, level)
    shares = _shares(split)
    text = column.clean(text)
    ends = [round(sum(shares[: at + 1]) * len(text)) for at in range(3)]
    pieces = [text[low:high] for low, high in zip((0, *ends), ends)]
    column.learn_text(pieces[0])
    length = length or min(_LENGTH, max(8, len(text) // 50))
    codes = [column.tokens.codes([piece])[0] for piece in pieces]
    found = Passages({}, {}, {}, {}, column, length, {"level": why, "split": _said(shares)})
    judged = codes[2] if shares[2] else codes[1]
    for part, stream in zip(PARTS, (codes[0], codes[1], codes[1], judged)):
        if len(stream) <= length:
            raise DataError(
                "text_too_short",
                f"the {part} part holds {len(stream)} codes, and a passage takes {length + 1}",
                remedy="bring a longer text, or ask for shorter passages",
                file=table.origin.path,
            )
        _add(found, part, stream)
    return found


def _add(found: Passages, part: str, stream: np.ndarray) -> None:
    """Add the passages of a part: from every code on in training, one after another elsewhere."""
    length, step = found.length, 1 if part == "train" else found.length
    tokens = found.column.tokens
    spelled = np.array([tokens.spells(code) for code in range(len(tokens.labels))], np.int64)[stream]
    so_far = np.concatenate([[0], np.cumsum(spelled)])
    rows = _rows(stream, length, step)
    begin = 1 + step * np.arange(len(rows))  # the first code of a passage is given and not asked for
    letters = so_far[begin + length] - so_far[begin]
    found.inputs[part] = {"token": rows}
    found.targets[part] = np.zeros((len(rows), 0), np.float32)
    found.truth[part] = np.stack([np.full(len(rows), length), letters], 1).astype(np.float64)
    found.units[part] = np.arange(len(rows))


def _column(name: str, text: str, level: str | None) -> tuple[Prose, str]:
    column = Prose(name)
    if level in ("character", "piece", "word"):
        column.level = cast(Level, level)
    elif level is None:
        column.level = "piece" if len(text) > _LETTERS else "character"
    else:
        remedy = 'choose "character", "piece" or "word"'
        raise UsageError("bad_level", f"passages cannot consist of {level!r}", remedy=remedy)
    column.lower = level == "word"
    said = "it was chosen" if level else f"the text has {len(text):,} characters"
    return column, f"{column.level}s: {said}"


def _shares(split: str | Sequence[float] | None) -> tuple[float, float, float]:
    try:
        words = split.split(",") if isinstance(split, str) else list(split or (0.9, 0.05, 0.05))
        shares = [float(word) for word in words]
    except (TypeError, ValueError):
        shares = []
    if len(shares) != 3 or min(shares[:2]) <= 0 or shares[2] < 0:
        raise UsageError("bad_split", f"{split!r} is no split of a text", remedy='write "0.9,0.05,0.05"')
    total = sum(shares)  # counts of characters will do, too
    return shares[0] / total, shares[1] / total, shares[2] / total


def _said(shares: Sequence[float]) -> str:
    train, valid, test = (f"{share:.0%}" for share in shares)
    last = f"the last {test} judge" if shares[2] else "which judge as well"
    return f"in the order of the text: {train} to learn from, {valid} choose, {last}"


def _rows(stream: np.ndarray, length: int, step: int) -> np.ndarray:
    """Return (N, length + 1) codes, a view of the stream."""
    item = stream.strides[0]
    count = (len(stream) - length - 1) // step + 1
    return np.lib.stride_tricks.as_strided(stream, (count, length + 1), (step * item, item))
