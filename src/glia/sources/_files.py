"""Files as people have them: missing, misnamed, compressed, forbidden; each case said plainly."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from glia.core.errors import DataError, GliaError, UsageError
from glia.core.names import did_you_mean, listed
from glia.sources import _magic

__all__ = ["checked", "empty", "kind", "load", "not_readable", "opening", "refuse_names", "unpacked"]

READ = (
    "glia reads CSV and TSV (also .gz), .parquet, .jsonl, .arrow, .npz, .npy, SQLite and duckdb files, "
    "folders and archives (.zip, .tar) of pictures, sounds or texts, frames, arrays and the sets bundled with "
    "scikit-learn"
)
# A compressed file may not grow without end in memory: real tables shrink 5 to 50 times, bombs 1000 times.
FREE_BYTES = 256 << 20
MOST_RATIO = 200
MOST_BYTES = 16 << 30
_PIECE = 4 << 20


def kind(source: Any) -> str:
    """Return the suffix a path is to be read by, or nothing for what is no path.

    Where the suffix says nothing the first bytes do; plain text under any other name is read as ``".csv"``.

    Example:
        >>> kind("Rows.CSV.gz"), kind("rows.ndjson"), kind(3)
        ('.csv', '.ndjson', '')
    """
    if not isinstance(source, str | os.PathLike) or "://" in str(source):
        return ""
    path = Path(source)
    suffix = path.suffix.lower()
    if suffix == ".gz":
        suffix = Path(path.stem).suffix.lower()
    if suffix[1:] in _KNOWN:
        return suffix
    head = _head(path)
    found = _magic.seems(head)
    if found.startswith("."):
        return found
    return ".csv" if head and not found and _magic.looks_like_text(head) else suffix


# Suffixes that are believed; the last line is never read, even where the file is text.
_KNOWN = frozenset(
    """
    csv tsv tab psv parquet pq jsonl ndjson arrow feather ipc npz npy sqlite sqlite3 db db3 duckdb ddb sql
    conll conllu iob iob2 bio
    zip tar tgz json xlsx xls pkl pickle png jpg jpeg webp tif tiff bmp gif wav flac pdf html xml yaml toml py md
    """.split()  # noqa: SIM905 - a list of forty strings would fill a page
)


def _head(path: Path) -> bytes:
    """Return the first bytes of a regular file, unpacked where it is gzip; nothing where that fails."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            head = file.read(4096)
        if head[:2] == b"\x1f\x8b":
            return zlib.decompressobj(wbits=31).decompress(head, 4096)
    except (OSError, ValueError, zlib.error):
        return b""
    return head


def checked(source: str | os.PathLike[str]) -> Path:
    """Return the path of a readable regular file.

    Raises:
        DataError: It is missing (the nearest name in its folder is said), a folder, a device, or forbidden.
    """
    path = Path(source)
    try:
        if path.is_dir():
            raise DataError(
                "is_folder",
                "this is a folder, and a table is one file",
                remedy=f"name a file in it{_some_of(path)}",
                file=path,
            )
        if not path.exists():
            raise _missing(path)
        if not path.is_file():
            raise DataError("not_a_file", "this is a device or pipe and not a file", remedy="save it first", file=path)
        with path.open("rb"):
            return path
    except PermissionError as error:
        raise DataError(
            "no_permission",
            "there is no permission to read it",
            remedy="allow reading it (chmod +r)",
            file=path,
        ) from error
    except (OSError, ValueError) as error:
        raise DataError("cannot_open", f"it cannot be opened ({error})", remedy="check the name", file=path) from error


def _missing(path: Path) -> DataError:
    folder = path.parent
    if not folder.is_dir():
        return DataError("no_such_file", f"the folder {str(folder)!r} does not exist", remedy="check it", file=path)
    near = did_you_mean(path.name, (other.name for other in folder.iterdir()))
    return DataError(
        "no_such_file",
        f"there is no such file{near}",
        remedy="check the name and the folder you are in",
        file=path,
    )


def _some_of(folder: Path) -> str:
    files = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    return f", such as {listed(files, 3)}" if files else ""


def load(source: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file, unpacked where it is gzip.

    Raises:
        DataError: The file cannot be read, is damaged, or unpacks to far more than any table does.
    """
    path = checked(source)
    try:
        with path.open("rb") as file:
            if file.read(2) != b"\x1f\x8b":
                file.seek(0)
                return file.read()
            file.seek(0)
            return _unpacked(file, path, path.stat().st_size)
    except (EOFError, zlib.error) as error:
        raise DataError(
            "damaged_gzip", f"the compressed file is damaged ({error})", remedy="fetch it again", file=path
        ) from error
    except OSError as error:
        raise DataError("cannot_read", f"reading failed ({error})", remedy="check the disk", file=path) from error
    except MemoryError as error:
        raise DataError(
            "too_large", "it does not fit into memory", remedy="bring fewer rows or columns", file=path
        ) from error


def unpacked(data: bytes, path: Path) -> bytes:
    """Return the bytes that gzip packed, as :func:`load` does those of a file."""
    with opening("a gzip file", path, "damaged_gzip"):
        return _unpacked(io.BytesIO(data), path, len(data))


def _unpacked(file: Any, path: Path, size: int) -> bytes:
    """Return what a gzip file of one or several members holds (RFC 1952).

    Pieces are large, since after each the other threads have their turn, and importing libraries takes long ones.
    """
    most = min(MOST_BYTES, max(FREE_BYTES, MOST_RATIO * size))
    pieces, found = [], 0
    member = None
    while waiting := file.read(_PIECE):
        while waiting := waiting if member else waiting.lstrip(b"\0"):  # members may be padded
            member = member or zlib.decompressobj(wbits=31)
            pieces.append(member.decompress(waiting, _PIECE))
            waiting, member = (member.unused_data, None) if member.eof else (member.unconsumed_tail, member)
            found += len(pieces[-1])
            if found > most:
                raise DataError(
                    "too_large",
                    f"the compressed file unpacks to more than {most:,} bytes, as no ordinary table does",
                    remedy="unpack it yourself if you trust it",
                    file=path,
                )
    if member:
        raise EOFError("it ends in the middle")
    return b"".join(pieces)


@contextmanager
def opening(what: str, file: object = None, code: str = "damaged_file") -> Iterator[None]:
    """Turn whatever a foreign reader raises on broken bytes into one plain error.

    Args:
        what: What the bytes should have been, such as ``"a Parquet file"``.
        file: The file at fault.
        code: The code of the error.
    """
    try:
        yield
    except GliaError:
        raise
    except (Exception, MemoryError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DataError(
            code, f"it cannot be read as {what} ({said})", remedy="check that the file is whole", file=file
        ) from error


def refuse_names(names: Sequence[str] | None, what: str) -> None:
    """Refuse names for a source that has its own.

    Raises:
        UsageError: Names were given.
    """
    if names is not None:
        raise UsageError("names_not_wanted", f"{what} names its own columns", remedy="leave out the names")


def empty(path: Path, said: str = "the file is empty") -> DataError:
    """Return the error that says that a file holds nothing."""
    remedy = "bring a table with a header line" + ", or a text" * (path.suffix.lower() == ".txt")
    return DataError("empty_file", said, remedy=remedy, file=path)


def not_readable(source: Any) -> GliaError:
    """Return the error that says what a source seems to be and what is read instead."""
    if not isinstance(source, str | os.PathLike):
        given = f"{type(source).__module__}.{type(source).__qualname__}".removeprefix("builtins.")
        return UsageError("unknown_source", f"a table cannot be made of a {given}", remedy=READ)
    if "://" in str(source):
        return UsageError("unknown_source", f"{str(source)!r} is no address that glia reads", remedy=READ)
    path = Path(source)
    try:
        head = _head(checked(path))
    except DataError as error:
        if error.code == "no_such_file" and not path.suffix and path.parent == Path():
            from glia.sources.bundled import NAMES

            error.text += did_you_mean(path.name, NAMES) if "did you mean" not in error.text else ""
            error.remedy = f"name a file, or a bundled set: {listed(NAMES)}"
        return error
    if path.stat().st_size == 0:
        return empty(path)
    suffix = path.suffix.lower()
    found = _magic.seems(head) or ("plain text" if _magic.looks_like_text(head) else "binary data")
    advice = "save it with one JSON object a line as .jsonl" if suffix == ".json" else READ
    return DataError("unknown_file", f"it seems to be {found}, which is not read", remedy=advice, file=path)
