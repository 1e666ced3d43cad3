"""Folders of text files: a line a row, and what the files' names say about their lines."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from glia.core.errors import DataError
from glia.sources._found import Found, column, part_of, parts_array
from glia.sources._tree import Tree, suffix_of

__all__ = ["texts"]

# Suffixes of tables and programs are no labels of lines.
_OTHERS = (
    ".csv", ".tsv", ".tab", ".jsonl", ".json", ".ndjson", ".parquet", ".arrow", ".npz", ".npy", ".gz", ".zip", ".py",
    ".xml", ".yaml", ".yml", ".db", ".names",
)  # fmt: skip
_LANGUAGES = re.compile(
    "ar|bg|bn|ca|cs|cy|da|de|el|en|es|et|eu|fa|fi|fr|ga|gl|gu|he|hi|hr|hu|hy|id|is|it|ja|ka|kk|ko|lt|lv|mk|mr|ms|nb|"
    "ne|nl|nn|no|pa|pl|pt|ro|ru|sk|sl|sq|sr|sv|sw|ta|te|th|tl|tr|uk|ur|uz|vi|xh|yo|zh|zu"
)


def texts(tree: Tree) -> Found | None:
    """Return lines of text files.

    Files of one stem that differ in their suffix label their lines by it (``polarity.pos``, ``polarity.neg``);
    where the suffixes are languages (``train.de``, ``train.en``) their lines are pairs; files that are all called
    train, valid or test hold the lines of these parts.
    """
    names = [name for name in tree.names if "/" not in name]
    if not names or len(names) != len(tree.names) or len(names) > 100:
        return None
    suffixes = {name: suffix_of(name) for name in names}
    if any(suffix in _OTHERS or not suffix for suffix in suffixes.values()):
        return None
    stems: dict[str, dict[str, str]] = {}
    for name in names:
        stems.setdefault(PurePosixPath(name.removesuffix(".gz")).stem, {})[suffixes[name][1:]] = name
    kinds = {frozenset(found) for found in stems.values()}
    if len(kinds) != 1:
        return None
    (kind,) = kinds
    if kind == {"txt"}:
        return _lines_of_parts(tree, names)
    if len(kind) < 2 or "txt" in kind:
        return None
    return _pairs(tree, stems) if all(map(_LANGUAGES.fullmatch, kind)) else _labelled(tree, stems)


def _lines(tree: Tree, name: str) -> list[str]:
    from glia.sources._text import decoded_text

    text = decoded_text(tree.data(name), Path(tree.where(name)))[0]
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n")


def _labelled(tree: Tree, stems: dict[str, dict[str, str]]) -> Found:
    lines, labels, parts = [], [], []
    for stem, files in stems.items():
        for label, name in files.items():
            found = _lines(tree, name)
            lines += found
            labels += [label] * len(found)
            parts += [part_of(stem)] * len(found)
    columns = {"text": column(lines), "label": column(labels)}
    return Found(columns, "texts by suffix", parts_array(parts), {"classes": len(set(labels))})


def _pairs(tree: Tree, stems: dict[str, dict[str, str]]) -> Found:
    lines: dict[str, list[str]] = {}
    parts: list[str] = []
    for stem, files in sorted(stems.items(), key=lambda one: ("train", "valid", "test", "").index(part_of(one[0]))):
        found = {language: _lines(tree, name) for language, name in files.items()}
        lengths = {language: len(some) for language, some in found.items()}
        if len(set(lengths.values())) > 1:
            said = " and ".join(f"{files[language]} has {length:,}" for language, length in lengths.items())
            remedy = "bring files whose lines belong together"
            raise DataError("unequal_lengths", f"the lines are no pairs: {said}", remedy=remedy, file=tree.root)
        for language, some in found.items():
            lines.setdefault(language, []).extend(some)
        parts += [part_of(stem)] * next(iter(lengths.values()))
    return Found({name: column(some) for name, some in sorted(lines.items())}, "pairs of texts", parts_array(parts))


def _lines_of_parts(tree: Tree, names: list[str]) -> Found | None:
    if not all(part_of(PurePosixPath(name).stem) for name in names):
        return None
    lines, parts = [], []
    for name in sorted(names, key=lambda one: ("train", "valid", "test").index(part_of(PurePosixPath(one).stem))):
        found = _lines(tree, name)
        lines += found
        parts += [part_of(PurePosixPath(name).stem)] * len(found)
    return Found({"text": column(lines)}, "lines of text in parts", parts_array(parts))
