"""Files that are either whole or not there: runs, checkpoints and bundles are written through here.

A file or folder is made under a name of its own beside the final one, forced to the disk, and renamed into
place. A crash at any instant leaves the old state, the new state, or leftovers that :func:`clean` removes.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from glia.core.documents import dumps, loads
from glia.core.errors import DataError, GliaError

__all__ = [
    "append",
    "building",
    "clean",
    "discard",
    "megabytes",
    "publish",
    "read_json",
    "refusing",
    "settled",
    "sha256",
    "write_atomic",
    "write_json",
]

_TEMP = ".glia-temp-"
_OLD = ".glia-old-"
MOST_BYTES = 256 * 2**20

_CODES = {
    errno.ENOSPC: "disk_full",
    errno.EFBIG: "disk_full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "disk_full",
    errno.EROFS: "read_only",
    errno.EACCES: "no_permission",
    errno.EPERM: "no_permission",
    errno.ENOENT: "not_found",
}
_REMEDIES = {
    "disk_full": "free some space (or raise the quota or file-size limit), or choose another folder",
    "read_only": "choose a folder on a disk that can be written",
    "no_permission": "allow access to it, or choose another folder",
    "not_found": "check the path",
    "io_error": "the disk or network share may be failing; try another folder",
}


@contextlib.contextmanager
def refusing(path: Path, kind: type[GliaError] = DataError, *, need: int = 0) -> Iterator[None]:
    """Turn an :class:`OSError` inside the block into an error that a person can act on.

    Args:
        path: The file or folder being worked on.
        kind: What to raise.
        need: How many bytes are about to be written, 0 where nothing is.
    """
    try:
        yield
    except OSError as error:
        code = _CODES.get(error.errno or 0, "io_error")
        said = error.strerror or type(error).__name__
        if code == "disk_full":
            said += f": {megabytes(need)} needed, {_free(path)} free" if need else f": {_free(path)} free"
        raise kind(code, said, remedy=_REMEDIES[code], file=path) from error


def write_atomic(path: str | Path, data: bytes) -> None:
    """Write a file so that it holds either all of the data or what it held before, even after a power cut.

    Raises:
        DataError: The disk is full, read-only, forbidden or failing; nothing half-written stays.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_atomic(Path(folder, "a.txt"), b"whole")
        ...     [file.name for file in Path(folder).iterdir()], Path(folder, "a.txt").read_bytes()
        (['a.txt'], b'whole')
    """
    path = Path(path)
    temp = path.with_name(f"{_TEMP}{secrets.token_hex(8)}")
    with refusing(path, need=len(data)):
        try:
            with temp.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temp, path)  # noqa: PTH105 - the one call whose atomicity all of this rests on
            _sync_folder(path.parent)
        except BaseException:
            _drop(temp)
            raise


def write_json(path: str | Path, document: Any) -> None:
    """Write a document as readable JSON, atomically; see :func:`glia.core.documents.plain`."""
    write_atomic(path, dumps(document))


def read_json(path: str | Path, kind: type[GliaError] = DataError, *, most: int = MOST_BYTES) -> Any:
    """Read a JSON document that somebody else may have written.

    Args:
        path: The file.
        kind: What to raise.
        most: The largest size read, in bytes.

    Raises:
        GliaError: Of the given kind: too large, nested too deeply, a key twice, NaN or a number beyond
            float64, not JSON at all; with the line, where there is one.
    """
    path = Path(path)
    with refusing(path, kind):
        size = path.stat().st_size
        if not path.is_file() or size > most:
            found = f"{megabytes(size)}, at most {megabytes(most)} are read" if path.is_file() else "not a file"
            raise kind("bad_json", found, remedy="glia did not write this file", file=path)
        data = path.read_bytes()
    return loads(data, kind, path)


def append(handle: int, data: bytes) -> None:
    """Append bytes to a file opened for that, whole or not at all.

    Args:
        handle: The file, opened with ``O_APPEND``.
        data: What to write.

    Raises:
        OSError: The disk is full or failing; a part that was written is taken back.
    """
    size, written = os.fstat(handle).st_size, 0
    try:
        while written < len(data):  # a disk that fills up takes a part first
            written += os.write(handle, data[written:])
    except OSError:
        if written:
            with contextlib.suppress(OSError):
                os.ftruncate(handle, size)
        raise


def publish(temp: str | Path, final: str | Path) -> None:
    """Rename a finished folder into place, replacing an older one.

    Folders cannot be exchanged in one portable step, so the old one waits beside the new one; a crash between
    the two renames is healed by :func:`clean`, and readers find the old one meanwhile by :func:`settled`.

    Args:
        temp: The finished folder, on the same disk as ``final``.
        final: Where it belongs.

    Raises:
        DataError: The renames failed; an older folder is back in its place.
    """
    temp, final = Path(temp), Path(final)
    old = _aside(final)
    with refusing(final):
        for folder in [temp, *(item for item in temp.rglob("*") if item.is_dir())]:
            _sync_folder(folder)
        if old.exists() and final.exists():
            shutil.rmtree(old)
        if final.exists():
            final.rename(old)
        try:
            temp.rename(final)
        except BaseException:
            if old.exists() and not final.exists():
                old.rename(final)
            raise
        _sync_folder(final.parent)
    shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def building(final: str | Path) -> Iterator[Path]:
    """Give an empty folder to build in; it appears as ``final`` when the block ends well, else it goes away.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with building(Path(folder, "bundle")) as temp:
        ...         write_atomic(temp / "config.json", b"{}")
        ...     [file.name for file in Path(folder, "bundle").iterdir()]
        ['config.json']
    """
    final = Path(final)
    temp = final.with_name(f"{_TEMP}{secrets.token_hex(8)}")
    with refusing(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        temp.mkdir()
    try:
        yield temp
        publish(temp, final)
    except BaseException as error:
        shutil.rmtree(temp, ignore_errors=True)
        if isinstance(error, GliaError) and error.file:  # a person knows the folder by its final name
            error.file = error.file.replace(str(temp), str(final))
        raise


def discard(folder: str | Path) -> None:
    """Remove a folder so that it is whole or gone under its name, even when that is interrupted."""
    folder = Path(folder)
    temp = folder.with_name(f"{_TEMP}{secrets.token_hex(8)}")
    with contextlib.suppress(OSError):
        folder.rename(temp)
        shutil.rmtree(temp, ignore_errors=True)


def clean(folder: str | Path) -> list[str]:
    """Remove what interrupted writes left in a folder, and put back an old folder whose successor never came.

    Call it only where nobody else is writing, such as at the start of a run.

    Returns:
        One line for each thing done.
    """
    done = []
    for item in sorted(Path(folder).iterdir()):
        if item.name.startswith(_TEMP):
            _drop(item)
            done.append(f"removed {item.name}, left by an interrupted write")
        elif item.name.startswith(_OLD):
            final = item.with_name(item.name.removeprefix(_OLD))
            if final.exists():
                _drop(item)
                done.append(f"removed {item.name}, which {final.name} has replaced")
            else:
                item.rename(final)
                done.append(f"put {final.name} back, whose replacement was interrupted")
    return done


def settled(folder: str | Path) -> Path:
    """Return where a published folder is right now: in its place, or aside while it is being replaced."""
    folder = Path(folder)
    old = _aside(folder)
    return old if old.exists() and not folder.exists() else folder


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _aside(final: Path) -> Path:
    return final.with_name(f"{_OLD}{final.name}")


def _drop(item: Path) -> None:
    if item.is_dir() and not item.is_symlink():
        shutil.rmtree(item, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):  # the error that brought us here is the one worth telling
            item.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Force a rename to the disk; Windows has no such call, and some network disks refuse it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(handle)


def megabytes(size: int) -> str:
    """Return a number of bytes as people say it."""
    return f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{size:,} bytes"


def _free(path: Path) -> str:
    folder = next((parent for parent in (path, *path.parents) if parent.exists()), Path())
    try:
        return megabytes(shutil.disk_usage(folder).free)
    except OSError:
        return "an unknown amount"
