"""Floor 1: where tables come from; every file here reads one kind of source into raw columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from glia.core.errors import UsageError
from glia.core.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np

    from glia.core.raw import RawTable

__all__ = ["read", "sources", "write"]

sources = Shelf("glia.sources")

_ADDRESS = re.compile(r"(?:https?|ftps?|s3|gs|gcs|az|abfss?|hdfs|hf|ssh|sftp)://", re.IGNORECASE)


def read(source: Any, *, names: Sequence[str] | None = None) -> RawTable:
    """Return the raw columns of a source: a file, a folder, an address of a database, a frame, arrays, a bundled set.

    Text stays exactly as the file has it, since deciding what a cell means belongs to the columns; names of pictures
    and sounds that lie beside a listing become paths.

    Args:
        source: A path of a file, a folder or an archive, ``"sqlite:///file.db?table=x"``, a pandas or polars frame, a
            NumPy array, a dict of arrays, an ``(X, y)`` tuple, or the name of a set bundled with scikit-learn such
            as ``"iris"``.
        names: Names of the columns, for a source that carries none (a file without a header, an array).

    Raises:
        DataError: The source cannot be read rightly; the message says where and what to do.
        UsageError: Nothing here reads such a source, or ``names`` do not fit it.

    Example:
        >>> table = read("iris")
        >>> len(table), list(table)[-1], table["target"].values[0]
        (150, 'target', 'setosa')
    """
    from glia.sources import _files, _paths

    if isinstance(source, str) and _ADDRESS.match(source):
        raise UsageError(
            "network_source",
            f"{source!r} is an address on a network, and glia reads nothing from there",
            remedy="download the file first and name it here",
        )
    if isinstance(names, str):
        names = [name.strip() for name in names.split(",")]
    for part in map(sources.get, sources.names()):
        if part.claims(source):
            table: RawTable = part.read(source, None if names is None else list(names))
            return _paths.resolved(table)
    raise _files.not_readable(source)


def write(path: str | Path, columns: Mapping[str, np.ndarray]) -> Path:
    """Write columns as a file; see :func:`glia.sources._write.write`, which is imported when first used."""
    from glia.sources import _write

    return _write.write(path, columns)
