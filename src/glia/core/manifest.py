"""Seals: a manifest with the SHA-256 of every file, so that one flipped bit is found and named.

File formats for weights have no checksum: a bit flipped on the disk loads silently as another network.
"""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from glia.core.documents import dumps, loads
from glia.core.errors import DataError, GliaError
from glia.core.store import sha256, write_atomic

__all__ = ["MANIFEST", "seal", "verify"]

MANIFEST = "manifest.json"
_FORMAT = 1
_MOST_BYTES = 16 * 2**20


def seal(folder: str | Path) -> dict[str, Any]:
    """Write ``manifest.json``: the SHA-256 and size of every other file in a folder, and a digest of itself.

    Hidden files (``.DS_Store``, ``.gitattributes``) belong to others and are left out.

    Returns:
        The manifest.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "a.txt").write_text("whole")
        ...     manifest = seal(folder)
        ...     before = verify(folder)
        ...     _ = Path(folder, "a.txt").write_text("whale")
        ...     before, verify(folder)
        ([], ['a.txt: changed, its SHA-256 is not the one sealed'])
    """
    folder = Path(folder)
    files = {
        name: {"size": (folder / name).stat().st_size, "sha256": sha256(folder / name)}
        for name in sorted(_present(folder))
    }
    manifest = _signed(files)
    write_atomic(folder / MANIFEST, dumps(manifest))
    return manifest


def verify(folder: str | Path) -> list[str]:
    """Return what is wrong with a sealed folder: a line for each file changed, truncated, missing or extra.

    Every line begins with the file's name. The manifest must be exactly the bytes that :func:`seal` would
    write, so a change that its meaning survives is found, too. A seal finds damage; it is no signature.
    """
    folder = Path(folder)
    try:
        files = _read(folder / MANIFEST)
    except GliaError as error:
        return [f"{MANIFEST}: {error.text}"]
    except OSError as error:
        return [f"{MANIFEST}: {'missing' if isinstance(error, FileNotFoundError) else error.strerror}"]
    problems = [said for name, facts in files.items() if (said := _compare(folder, name, facts))]
    problems += [f"{name}: not in the manifest" for name in sorted(_present(folder) - set(files))]
    return problems


def _read(path: Path) -> dict[str, Any]:
    """Return the files of a manifest that is whole."""
    if path.stat().st_size > _MOST_BYTES:
        raise DataError("bad_manifest", "changed, it is far too large")
    data = path.read_bytes()
    manifest = loads(data)
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(files, dict) or data != dumps(_signed(files)):
        raise DataError("bad_manifest", "changed, its digest does not fit")
    for name, facts in files.items():
        if not _inside(name) or not _is_entry(facts):
            raise DataError("bad_manifest", f"lists {name[:80]!r}, which no bundle holds")
    return files


def _signed(files: dict[str, Any]) -> dict[str, Any]:
    unsigned = {"format": _FORMAT, "files": files}
    return {**unsigned, "digest": hashlib.sha256(dumps(unsigned)).hexdigest()}


def _compare(folder: Path, name: str, facts: dict[str, Any]) -> str:
    path = folder / name
    try:
        if not path.is_file():
            return f"{name}: missing"
        size = path.stat().st_size
        if size != facts["size"]:
            change = "truncated" if size < facts["size"] else "changed"
            return f"{name}: {change}, {size:,} bytes instead of {facts['size']:,}"
        if sha256(path) != facts["sha256"]:
            return f"{name}: changed, its SHA-256 is not the one sealed"
    except OSError as error:
        return f"{name}: cannot be read, {(error.strerror or 'input/output error').lower()}"
    return ""


def _present(folder: Path) -> set[str]:
    """Return the files of a folder as POSIX paths, without hidden ones and the manifest."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return {path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts)} - {MANIFEST}


def _is_entry(facts: object) -> bool:
    return isinstance(facts, dict) and {key: type(value) for key, value in facts.items()} == {
        "size": int,
        "sha256": str,
    }


def _inside(name: str) -> bool:
    """Whether a name stays inside its folder on every system."""
    parts = PurePosixPath(name).parts
    clean = bool(parts) and not any(part in ("..", "/") or "\\" in part for part in parts)
    return clean and not PureWindowsPath(name).drive and "\0" not in name
