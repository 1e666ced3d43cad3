"""JSON Lines: one object a line, its keys the columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glia.core.errors import DataError
from glia.core.raw import Origin, RawTable
from glia.sources import _files, _values
from glia.sources._text import text_of

__all__ = ["JsonLines"]


class JsonLines:
    """JSON Lines (.jsonl, .ndjson), plain or gzip: one flat object a line."""

    @staticmethod
    def claims(source: Any) -> bool:
        """Return whether a path names JSON Lines."""
        return _files.kind(source) in (".jsonl", ".ndjson")

    @staticmethod
    def read(source: Any, names: Sequence[str] | None) -> RawTable:
        """Return a column for each key; a key that is missing in a line, or null, is absent there.

        Args:
            source: The path.
            names: Not wanted; every line names its values.

        Raises:
            DataError: A line is no flat JSON object; with the line.
        """
        _files.refuse_names(names, "a JSON Lines file")
        path = _files.checked(source)
        text, encoding = text_of(path)
        lines = [(line, said) for line, said in enumerate(text.split("\n"), 1) if said.strip()]
        if not lines:
            raise DataError("empty_file", "the file is empty", remedy="bring one JSON object a line", file=path)
        rows = [_object(said, path, line) for line, said in lines]
        keys = list(dict.fromkeys(key for row in rows for key in row))
        columns = {}
        for label, key in zip(_values.named(keys, file=path), keys, strict=True):
            values = [row.get(key) for row in rows]
            if any(kind in (dict, list) for kind in set(map(type, values))):
                at = next(row for row, value in enumerate(values) if isinstance(value, dict | list))
                raise DataError(
                    "nested_value",
                    "the value is a list or object, and a cell holds one number, text or boolean",
                    remedy="flatten it into columns of its own, or leave it out",
                    file=path,
                    line=lines[at][0],
                    column=label,
                )
            columns[label] = _values.of_values(values, label)
        straight = lines[-1][0] - lines[0][0] == len(lines) - 1
        first = lines[0][0] if straight else None
        return _values.table(columns, Origin(str(source), "jsonl", str(path), first, {"encoding": encoding}))


def _object(said: str, path: Path, line: int) -> dict[str, Any]:
    def wrong(text: str) -> DataError:
        return DataError("bad_json", text, remedy="write one JSON object a line", file=path, line=line)

    try:
        row = _DECODER.decode(said)
        if "\\ud" in said.lower():
            json.dumps(row, ensure_ascii=False).encode()  # half a character cannot be written again
    except json.JSONDecodeError as error:
        raise wrong(f"this line is not JSON ({error.msg}, at character {error.colno})") from error
    except (ValueError, RecursionError) as error:
        raise wrong(f"this line is not JSON of an ordinary kind ({error})") from error
    if not isinstance(row, dict):
        raise wrong(f"this line holds a {type(row).__name__} and not an object")
    return row


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a key is there twice")
    return row


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)
