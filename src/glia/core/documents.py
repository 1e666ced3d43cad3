"""JSON documents: written so that numbers come back exactly, read as if a stranger had written them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glia.core.errors import DataError, GliaError

__all__ = ["dumps", "loads", "plain"]

MOST_LEVELS = 64


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: arrays as lists, paths as text, NaN and infinities as ``None``.

    JSON has no number that is not finite; a reader should meet "nothing was measured" instead of a document
    that half of the world's parsers refuse.

    Example:
        >>> plain({"loss": [1.5, float("nan")], "at": Path("a")})
        {'loss': [1.5, None], 'at': 'a'}
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in (value if isinstance(value, list | tuple) else sorted(value))]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value)


def dumps(document: Any) -> bytes:
    """Return a document as readable JSON in UTF-8; equal documents give equal bytes."""
    text = json.dumps(plain(document), ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a character, as file names may hold: only an escape can carry it
        return (json.dumps(plain(document), allow_nan=False, indent=1) + "\n").encode()


def loads(data: bytes, kind: type[GliaError] = DataError, path: Path | None = None) -> Any:
    """Return the document behind bytes, as strictly as if a stranger had written it."""
    try:
        document = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite)
        _measure_depth(document)
    except RecursionError:
        raise kind("bad_json", f"nested deeper than {MOST_LEVELS} levels", file=path) from None
    except json.JSONDecodeError as error:
        raise kind("bad_json", f"not JSON: {error.msg}", file=path, line=error.lineno) from None
    except UnicodeDecodeError as error:
        raise kind("bad_json", f"not UTF-8 text at byte {error.start}", file=path) from None
    except ValueError as error:
        raise kind("bad_json", str(error), file=path) from None
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:80]!r} occurs twice in one object")
    return document


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


def _measure_depth(document: Any) -> None:
    level = [document] if isinstance(document, dict | list) else []
    for _ in range(MOST_LEVELS):
        if not level:
            return
        inner = (item for node in level for item in (node.values() if isinstance(node, dict) else node))
        level = [item for item in inner if isinstance(item, dict | list)]
    if level:
        raise RecursionError
