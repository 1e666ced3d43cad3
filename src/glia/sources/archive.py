"""Zip and tar archives of files, read where they are: nothing is unpacked to a disk."""

from __future__ import annotations

import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from glia.core.errors import DataError
from glia.core.raw import Origin, RawTable
from glia.sources import _files
from glia.sources._tree import MOST_FILES, Member, Tree
from glia.sources.folder import table_of

__all__ = ["Archive"]

_MOST_MEMBER = 1 << 30


class Archive:
    """Zip and tar archives that hold what a folder of pictures, sounds or texts would."""

    @staticmethod
    def claims(source: Any) -> bool:
        """Return whether a path names an archive."""
        return _files.kind(source) in (".zip", ".tar", ".tgz")

    @staticmethod
    def read(source: Any, names: Sequence[str] | None) -> RawTable:
        """Return the table that the files of an archive make, as if they lay in a folder.

        Args:
            source: The path.
            names: Not wanted; the layout names the columns.

        Raises:
            DataError: The archive is damaged, unpacks to far more than it should, or holds what no archive of
                data does: links, devices, or names that lead out of it.
        """
        _files.refuse_names(names, "an archive")
        path = _files.checked(source)
        origin = Origin(str(source), "archive", str(path))
        with path.open("rb") as file:
            zipped = file.read(2) == b"PK"
        with _files.opening("an archive", path):
            if not zipped:
                return table_of(_tar_tree(path), origin)
            with zipfile.ZipFile(path) as archive:
                return table_of(_zip_tree(path, archive), origin)


class _ArchiveTree(Tree):
    """The files in an archive, by what reads one of them."""

    kind = "archive"

    def __init__(self, root: Path, sizes: dict[str, int], opener: Callable[[str], bytes]) -> None:
        super().__init__(root, list(sizes))
        self._sizes, self._opener = sizes, opener

    def value(self, name: str) -> Member:
        return Member(self._opener(name), self.where(name))

    def data(self, name: str) -> bytes:
        data = self._opener(name)
        return _files.unpacked(data, Path(self.where(name))) if data[:2] == b"\x1f\x8b" else data

    def size(self, name: str) -> int:
        return self._sizes[name]


def _zip_tree(path: Path, archive: zipfile.ZipFile) -> _ArchiveTree:
    members = [member for member in archive.infolist() if not member.is_dir()]
    for member in members:
        if member.flag_bits & 1:
            raise _odd(path, member.filename, "is locked by a password", "unlock the archive first")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise _odd(path, member.filename, "is a link")
    sizes = _checked(path, ((member.filename, member.file_size) for member in members))

    def opener(name: str) -> bytes:
        try:
            return archive.read(name)
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise _odd(path, name, f"is damaged ({error})", "fetch the archive again") from error

    return _ArchiveTree(path, sizes, opener)


def _tar_tree(path: Path) -> _ArchiveTree:
    contents: dict[str, bytes] = {}
    sizes: list[tuple[str, int]] = []
    total = 0
    with tarfile.open(path, "r:*") as archive:
        for member in archive:
            if member.isdir():
                continue
            if not member.isreg():
                raise _odd(path, member.name, "is a link or device and not a file")
            sizes.append((member.name, member.size))
            total += member.size
            # Before anything is read, since a packed archive may be a bomb.
            _checked(path, sizes[-1:], total)
            file = archive.extractfile(member)
            assert file is not None
            contents[member.name.removeprefix("./")] = file.read()
    return _ArchiveTree(path, _checked(path, sizes, total), contents.__getitem__)


def _checked(path: Path, members: Iterable[tuple[str, int]], total: int = 0) -> dict[str, int]:
    """Return sizes by name.

    Args:
        path: The archive.
        members: Names and sizes.
        total: The size of all members; what these come to where that is more.

    Raises:
        DataError: A name leads out of the archive or is there twice, or there is too much of it.
    """
    sizes: dict[str, int] = {}
    for name, size in members:
        if _escapes(name):
            raise _odd(path, name, "leads out of the archive")
        name = name.removeprefix("./")
        if name in sizes:
            raise _odd(path, name, "is there twice")
        sizes[name] = size
        if size > _MOST_MEMBER:
            raise _odd(path, name, f"unpacks to {size:,} bytes", "unpack it yourself if you trust it", "too_large")
    total = max(total, sum(sizes.values()))
    if total > max(_files.FREE_BYTES, _files.MOST_RATIO * path.stat().st_size) or len(sizes) > MOST_FILES:
        said = f"the archive unpacks to {total:,} bytes in {len(sizes):,} files, as no ordinary one does"
        raise DataError("too_large", said, remedy="unpack it yourself if you trust it", file=path)
    return sizes


def _escapes(name: str) -> bool:
    parts = re.split(r"[/\\]", name)
    return (
        not name or name.startswith(("/", "\\")) or ".." in parts or bool(re.match(r"[A-Za-z]:", name)) or "\0" in name
    )


def _odd(
    path: Path, name: str, said: str, remedy: str = "make the archive of plain files only", code: str = "odd_archive"
) -> DataError:
    return DataError(code, f"its member {name[:200]!r} {said}", remedy=remedy, file=path)
