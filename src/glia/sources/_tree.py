"""Files below one root, whether a folder holds them or an archive: names, and what stands for each in a table."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from pathlib import Path, PurePosixPath

from glia.core.errors import DataError
from glia.sources import _files

__all__ = ["FolderTree", "Member", "Tree", "suffix_of"]

MOST_FILES = 2_000_000
_JUNK = frozenset({"thumbs.db", "desktop.ini", "__macosx", ".ds_store"})
_PAPERS = re.compile(
    r"(licen[cs]e|readme|copying|notice|sha\d+sums|md5sums|changelog|citation)(\.(txt|cff))?|.*\.(md|rst|pdf|html?)"
)


class Member(bytes):
    """The bytes of a file in an archive, which know their name.

    Args:
        name: The archive and the file in it, for messages.
    """

    name: str

    def __new__(cls, data: bytes, name: str) -> Member:
        made = super().__new__(cls, data)
        made.name = name
        return made

    def __reduce__(self) -> tuple[type[Member], tuple[bytes, str]]:
        return Member, (bytes(self), self.name)


class Tree(ABC):
    """Files by relative name, slashes between folders; hidden files and papers such as a licence are left out.

    Args:
        root: What is read, for messages.
        names: Names of all files, sorted; numbers in them count as numbers.
        ignored: Names that were left out.
    """

    kind = "folder"

    def __init__(self, root: Path, names: list[str]) -> None:
        self.root = root
        self.ignored = [name for name in names if _is_paper(name)]
        self.names = sorted((name for name in names if not _is_paper(name)), key=_natural)

    @abstractmethod
    def value(self, name: str) -> Path | Member:
        """Return what stands for a file in a column: its path, or its bytes."""

    @abstractmethod
    def data(self, name: str) -> bytes:
        """Return the bytes of a file."""

    @abstractmethod
    def size(self, name: str) -> int:
        """Return how many bytes a file has."""

    def where(self, name: str) -> str:
        """Return the place of a file, for messages."""
        return str(self.root / name)

    def text(self, name: str) -> str:
        """Return a small text file, read as UTF-8 or, where that fails, as Latin-1."""
        data = self.data(name)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("latin-1")


class FolderTree(Tree):
    """The files below a folder; links that lead out of it are refused."""

    def __init__(self, root: Path) -> None:
        self.base = Path(os.path.realpath(root))
        names: list[str] = []
        self._sizes: dict[str, int] = {}
        self._walk(root, "", names)
        super().__init__(root, names)

    def value(self, name: str) -> Path:
        return self.root / name

    def data(self, name: str) -> bytes:
        return _files.load(self.root / name)

    def size(self, name: str) -> int:
        return self._sizes[name]

    def _walk(self, folder: Path, prefix: str, names: list[str]) -> None:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise DataError(
                "cannot_open", f"the folder cannot be read ({error.strerror})", remedy="allow reading it", file=folder
            ) from error
        for entry in entries:
            if entry.name.startswith(".") or entry.name.lower() in _JUNK:
                continue
            if entry.is_symlink() and not self._inside(entry):
                continue
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                self._walk(Path(entry.path), f"{name}/", names)
            elif entry.is_file():
                names.append(name)
                self._sizes[name] = entry.stat().st_size
            if len(names) > MOST_FILES:
                said = f"there are more than {MOST_FILES:,} files below it"
                raise DataError("too_large", said, remedy="name a smaller folder", file=self.base)

    def _inside(self, entry: os.DirEntry[str]) -> bool:
        """Return whether a link is a file to read; folders linked to are found where they are."""
        target = Path(os.path.realpath(entry.path))
        if not target.exists():
            raise DataError("broken_link", "this link leads nowhere", remedy="delete or mend it", file=entry.path)
        if not target.is_relative_to(self.base):
            raise DataError(
                "link_outside",
                f"this link leads out of the folder, to {target}",
                remedy="copy what it leads to into the folder, or name that place itself",
                file=entry.path,
            )
        return target.is_file()


def suffix_of(name: str) -> str:
    """Return the suffix of a name in small letters, without one that only says that it is packed.

    Example:
        >>> suffix_of("a/B.JPG"), suffix_of("train.de.gz"), suffix_of("a")
        ('.jpg', '.de', '')
    """
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix == ".gz" else path.suffix


def _is_paper(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part.lower() in _JUNK for part in parts) or bool(
        _PAPERS.fullmatch(parts[-1].lower())
    )


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Return a key that puts ``a2`` before ``a10``."""
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in re.split(r"(\d+)", name)]
