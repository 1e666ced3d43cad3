"""Arrow files (IPC, which Feather is too), through pyarrow where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from glia.core.errors import UsageError
from glia.core.raw import RawTable
from glia.sources import _files
from glia.sources.frames import Frames

__all__ = ["Arrow"]


class Arrow:
    """Arrow IPC files and streams (.arrow, .feather, .ipc); needs ``pip install 'glia[arrow]'``."""

    @staticmethod
    def claims(source: Any) -> bool:
        """Return whether a path names an Arrow file."""
        return _files.kind(source) in (".arrow", ".feather", ".ipc")

    @staticmethod
    def read(source: Any, names: Sequence[str] | None) -> RawTable:
        """Return the columns of the file.

        Args:
            source: The path.
            names: Not wanted; the file names its columns.

        Raises:
            DataError: The file is damaged or holds columns of lists, blobs and the like.
            UsageError: pyarrow is not installed.
        """
        _files.refuse_names(names, "an Arrow file")
        path = _files.checked(source)
        try:
            from pyarrow import ipc
        except ImportError:
            raise UsageError(
                "missing_extra", "reading Arrow files needs pyarrow", remedy="pip install 'glia[arrow]'"
            ) from None
        with _files.opening("an Arrow file", path), path.open("rb") as file:
            whole = file.read(6) == b"ARROW1"
            file.seek(0)
            table = (ipc.open_file if whole else ipc.open_stream)(file).read_all()
            table.validate(full=True)  # offsets in a damaged file can point anywhere
            read = Frames.read(table, None)
        return replace(read, origin=replace(read.origin, name=str(source), kind="arrow", path=str(path)))
