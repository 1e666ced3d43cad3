"""Texts with a label for each word, as shared tasks hand them out: a word a line, a blank line behind each text."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from glia.core.errors import DataError
from glia.core.raw import Origin, RawTable
from glia.sources import _files, _values
from glia.sources._text import text_of

__all__ = ["Conll"]

_SUFFIXES = (".conll", ".conllu", ".iob", ".iob2", ".bio")
_WIDTH = 10  # fields of a line of CoNLL-U
_WORD, _PART = 1, 3  # where it has the word and its part of speech


class Conll:
    """Labeled words (.conll, .iob, .bio; .conllu): a word and its label a line, a blank line behind each text."""

    @staticmethod
    def claims(source: Any) -> bool:
        """Return whether a path names such a file."""
        if not isinstance(source, str | os.PathLike) or "://" in str(source):
            return False
        return Path(source).name.lower().removesuffix(".gz").endswith(_SUFFIXES)

    @staticmethod
    def read(source: Any, names: Sequence[str] | None) -> RawTable:
        """Return a row for each text: ``text``, its words with spaces between, and ``tags``, its labels likewise.

        The word stands first in a line and the label last; in CoNLL-U the part of speech is the label. Comments,
        lines of documents (``-DOCSTART-``) and words that are only a contraction of others are passed over.

        Args:
            source: The path.
            names: Not wanted; the columns are ``text`` and ``tags``.

        Raises:
            DataError: A line has another number of fields than the one before it; with the line.
        """
        _files.refuse_names(names, "a file of labeled words")
        path = _files.checked(source)
        text, encoding = text_of(path)
        texts, tags = [], []
        for rows in _texts(text, path):
            texts.append(" ".join(word for word, _ in rows))
            tags.append(" ".join(tag for _, tag in rows))
        columns = {name: _values.of_values(values, name) for name, values in (("text", texts), ("tags", tags))}
        return _values.table(columns, Origin(str(source), "conll", str(path), None, {"encoding": encoding}))


def _texts(text: str, path: Path) -> Iterator[list[tuple[str, str]]]:
    rows: list[tuple[str, str]] = []
    width = 0
    for line, said in enumerate([*text.split("\n"), ""], 1):
        fields = [field.strip() for field in said.split("\t")] if "\t" in said else said.split()
        if not any(fields) or fields[0] == "-DOCSTART-":
            if rows:
                yield rows
            rows = []
            continue
        universal = len(fields) == _WIDTH and path.name.lower().removesuffix(".gz").endswith(".conllu")
        if said.startswith("#") and len(fields) != width:
            continue  # a comment, unless it is a word like the others
        if len(fields) < 2 or (width and len(fields) != width) or not all(fields):
            told = f"this line has {len(fields)} fields, the first {width}" if width else "this line has one field"
            raise DataError(
                "ragged_rows", told, remedy="write a word, a space and its label in each line", file=path, line=line
            )
        width = len(fields)
        if universal and not fields[0].isdecimal():
            continue  # "3-4" stands for the two words that follow, "5.1" for one that is not written
        word, tag = (fields[_WORD], fields[_PART]) if universal else (fields[0], fields[-1])
        rows.append(("_".join(word.split()), "_".join(tag.split())))
