"""Folders of pictures, sounds or texts: a folder a class, or none at all."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

from glia.core.errors import DataError
from glia.core.names import listed
from glia.core.raw import Raw
from glia.sources._found import PICTURES, SOUNDS, Found, column, part_of, parts_array
from glia.sources._tree import Tree, suffix_of

__all__ = ["classes", "labelled"]

_TEXTS = (".txt",)
_TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
_PART = re.compile(
    r"(train|training|trn|valid|validation|val|dev|test|testing)[-_ ]?(images?|imgs?|set|data)?[-_ ]?\d*"
)
_KINDS = (("image", PICTURES, "pictures"), ("audio", SOUNDS, "sounds"), ("text", _TEXTS, "texts"))


def classes(tree: Tree) -> Found | None:
    """Return files with the folder they lie in as their label; files that lie in no folder have none.

    Folders named train, val and test on top are the parts; what lies beside them is left out then. A folder
    that only wraps others is passed over. The label of nested folders is their path, such as ``"fruit/apple"``.
    """
    for name, suffixes, noun in _KINDS:
        files = [file for file in tree.names if suffix_of(file) in suffixes]
        if not files or (name == "text" and not all(_folders(file) for file in files)):
            continue
        files = _parted(files)
        _refuse_mixed(tree, files, name, noun)
        return labelled(tree, files, name, noun)
    return None


def labelled(tree: Tree, files: list[str], name: str, noun: str) -> Found:
    """Return the table of files whose folders are their classes.

    Args:
        tree: Where the files are.
        files: Their names.
        name: The column that holds them.
        noun: What they are, for messages.
    """
    wrapped = _wrapping(files)
    folders = [_folders(file)[wrapped:] for file in files]
    parts = [part_of(one[0]) if one and _is_part(one[0]) else "" for one in folders]
    if all(parts):
        folders = [one[1:] for one in folders]
    else:
        parts = []
    labels = ["/".join(one) for one in folders]
    if name == "audio" and len(set(labels)) == 1 and len(named := _named(tree, files)) > 1:
        columns = named
    else:
        columns = _with_labels(tree, files, name, labels, noun)
    part = parts_array(parts) if parts else None
    details: dict[str, Any] = {"files": len(files), "left out": len(tree.names) - len(files)}
    if "label" in columns:
        details["classes"] = len(set(columns["label"].values.tolist()))
    what = "class folders" if any(labels) else f"{noun} without classes"
    return Found(columns, what + (" in parts" if part is not None else ""), part, details)


def _with_labels(tree: Tree, files: list[str], name: str, labels: list[str], noun: str) -> dict[str, Raw]:
    values = (_read_text(tree, file) for file in files) if name == "text" else (tree.value(file) for file in files)
    if not any(labels):
        return {name: column(values)}
    if not all(labels):
        loose = [file for file, label in zip(files, labels) if not label]
        raise DataError(
            "mixed_folder",
            f"{len(loose)} {noun} lie beside class folders and in none of them, such as {loose[0]!r}",
            remedy="move them into the folder of their class, or out of here",
            file=tree.where(loose[0]),
        )
    _refuse_cases(tree, labels)
    return {name: column(values), "label": column(labels)}


def _folders(file: str) -> tuple[str, ...]:
    return PurePosixPath(file).parts[:-1]


def _parted(files: list[str]) -> list[str]:
    """Return the files in folders of parts, where there are several such folders on one level, else all."""
    tops: dict[tuple[str, ...], set[str]] = {}
    for file in files:
        folders = _folders(file)
        at = next((at for at, folder in enumerate(folders) if _is_part(folder)), None)
        if at is not None:
            tops.setdefault(folders[:at], set()).add(folders[at])
    homes = [(home, parts) for home, parts in tops.items() if len({part_of(part) for part in parts}) > 1]
    if len(homes) != 1:
        return files
    home, parts = homes[0]
    wanted = {(*home, part) for part in parts}
    return [file for file in files if _folders(file)[: len(home) + 1] in wanted]


def _is_part(folder: str) -> bool:
    return _PART.fullmatch(folder.lower()) is not None


def _wrapping(files: list[str]) -> int:
    """Return how many folders on top hold all files in further folders and tell nothing."""
    depth = 0
    while True:
        tops = {_folders(file)[depth : depth + 1] for file in files}
        deeper = all(len(_folders(file)) > depth + 1 for file in files)
        (top,) = tops if len(tops) == 1 else ((),)
        if not (top and deeper):
            return depth
        depth += 1


def _named(tree: Tree, files: list[str]) -> dict[str, Raw]:
    """Return sounds of one folder with what their names say, as in ``7_jackson_32.wav``.

    Where all names have the same number of pieces between underscores, the first is the label and a last one
    of digits only counts the takes; a single one in between is the speaker, several are named by their place.
    """
    audio = {"audio": column(tree.value(file) for file in files)}
    pieces = [PurePosixPath(file).stem.split("_") for file in files]
    width = len(pieces[0])
    if width < 2 or any(len(one) != width for one in pieces):
        return audio
    if len({one[0] for one in pieces}) > max(len(files) // 2, 1):
        return audio
    inner = width - 1 if all(one[-1].isdecimal() for one in pieces) else width
    names = ["label", *(["speaker"] if inner == 2 else [f"name_{at + 1}" for at in range(1, inner)])]
    return audio | {name: column(one[at] for one in pieces) for at, name in enumerate(names)}


def _read_text(tree: Tree, file: str) -> str:
    from glia.sources._text import decoded_text

    data = tree.data(file)
    return decoded_text(data, Path(tree.where(file)))[0].strip("\r\n") if data else ""


def _refuse_cases(tree: Tree, labels: list[str]) -> None:
    """Refuse classes that differ in the case of letters only: on another disk they would be one folder."""
    spelled: dict[str, list[str]] = {}
    for label in dict.fromkeys(labels):
        spelled.setdefault(label.casefold(), []).append(label)
    for alike in spelled.values():
        if len(alike) > 1:
            raise DataError(
                "alike_classes",
                f"the class folders {listed(alike)} differ only in the case of letters",
                remedy="make one folder of them, or give them different names",
                file=tree.root,
            )
    for label in spelled:
        try:
            label.encode()
        except UnicodeEncodeError as error:
            said = f"the name of the class folder {label!r} is no Unicode text"
            raise DataError("bad_name", said, remedy="rename it", file=tree.root) from error


def _refuse_mixed(tree: Tree, files: list[str], name: str, noun: str) -> None:
    """Refuse a folder that holds data of two kinds, or pictures beside a listing that may say more."""
    found = {suffix_of(file) for file in tree.names}
    if found & set(PICTURES) and found & set(SOUNDS):
        said = "it holds pictures and sounds alike"
        remedy = "name the folder of one kind, or write a listing (CSV) with a column of paths for each"
        raise DataError("mixed_folder", said, remedy=remedy, file=tree.root)
    tables = [file for file in tree.names if suffix_of(file) in _TABLES]
    if tables and name != "text" and not any(_folders(file) for file in files):
        said = f"it holds {noun} and also {listed(tables, 3)}, which may say more about them"
        raise DataError("mixed_folder", said, remedy="name the listing itself, or move it away", file=tree.root)
