"""Row contents as numbers: equal rows get equal hashes, in any process and any order of columns."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from glia.core.raw import Raw, RawTable

__all__ = ["content_hashes", "duplicate_keys", "factorize"]

_LARGE = 4096  # bytes of a value that threads pay for
_MISSING = np.uint64(0x9E3779B97F4A7C15)


def duplicate_keys(raw: RawTable, columns: Iterable[str]) -> np.ndarray:
    """Return an id per row, equal where the named columns hold the same contents; missing equals missing.

    Args:
        raw: A table of N rows.
        columns: The columns that count; none of them = every row is the same.

    Returns:
        (N,) int64 ids in order of appearance. Contents are compared by a 64-bit hash: among a million
        distinct rows, the chance that any two share one is 3e-8.

    Example:
        >>> from glia.core.raw import Origin
        >>> values, there = np.array([1.0, 2.0, 1.0]), np.ones(3, bool)
        >>> table = RawTable({"a": Raw(values, there)}, Origin("made", "array"))
        >>> duplicate_keys(table, ["a"]).tolist()
        [0, 1, 0]
    """
    _, first, keys = np.unique(content_hashes(raw, columns), return_index=True, return_inverse=True)
    # Ids in order of appearance: they then say nothing about the hash.
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[keys]


def content_hashes(raw: RawTable, columns: Iterable[str] | None = None) -> np.ndarray:
    """Return a 64-bit hash of every row's contents, the same on every machine and for any order of columns.

    Args:
        raw: A table of N rows.
        columns: The columns that count; ``None`` = all.

    Returns:
        (N,) uint64. Numbers count by value, so 1, 1.0 and ``True`` are equal; text counts as written; files count
        by what is in them, wherever they lie.
    """
    total = np.zeros(len(raw), np.uint64)
    for name in raw.columns if columns is None else columns:
        total += _mixed(_value_hashes(raw[name]) ^ _text_hash(f"column/{name}"))
    return total


def factorize(raw: Raw) -> tuple[np.ndarray, np.ndarray]:
    """Return codes and the distinct values behind them; missing is -1.

    Returns:
        (N,) int64 codes, and the distinct present values: ascending, or in order of appearance for text.

    Example:
        >>> codes, distinct = factorize(Raw(np.array([5, 3, 5]), np.array([True, True, False])))
        >>> codes.tolist(), distinct.tolist()
        ([1, 0, -1], [3, 5])
    """
    there = _present(raw)
    codes = np.full(len(raw), -1, np.int64)
    if raw.values.ndim > 1:
        # Pictures are compared by their contents; the hashes only stand for them.
        hashes, codes[there] = np.unique(_value_hashes(raw)[there], return_inverse=True)
        return codes, np.array([f"{value:016x}" for value in hashes.tolist()], object)
    if raw.values.dtype == object:
        # A dictionary is several times faster than sorting text, and asks for no order among values.
        seen: dict[object, int] = {}
        found = [seen.setdefault(value, len(seen)) for value in raw.values[there].tolist()]
        codes[there] = np.array(found, np.int64)
        distinct = np.empty(len(seen), object)
        distinct[:] = list(seen)
        return codes, distinct
    distinct, codes[there] = np.unique(raw.values[there], return_inverse=True)
    return codes, distinct


def _present(raw: Raw) -> np.ndarray:
    """Return where a value is there: a NaN or NaT is as missing as an empty cell."""
    if raw.values.dtype.kind == "f":
        return raw.present & ~np.isnan(raw.values)
    if raw.values.dtype.kind in "mM":
        return raw.present & ~np.isnat(raw.values)
    return raw.present


def _value_hashes(raw: Raw) -> np.ndarray:
    """Return (N,) hashes of values; of pictures and sounds they are kept, since reckoning them takes seconds."""
    kept: np.ndarray | None = vars(raw).get("_hashes")
    if kept is None:
        kept = _hashes(raw)
        if raw.media:
            vars(raw)["_hashes"] = kept
    return kept


def _hashes(raw: Raw) -> np.ndarray:
    there = _present(raw)
    if raw.values.ndim > 1:
        hashes = _content_hashes([np.ascontiguousarray(row) for row in raw.values], f"{raw.values.shape[1:]}")
    elif raw.values.dtype == object and _are_files(raw.values[there]):
        hashes = np.full(len(raw), _MISSING)
        hashes[there] = _content_hashes(raw.values[there].tolist())
    elif raw.values.dtype == object:
        codes, distinct = factorize(raw)
        table = np.array([_text_hash(f"text/{value}") for value in distinct] or [_MISSING], np.uint64)
        hashes = table[codes]
    elif raw.values.dtype.kind == "M":
        hashes = _mixed(raw.values.astype("datetime64[us]").view(np.uint64) ^ _text_hash("date"))
    else:
        hashes = _number_hashes(np.asarray(raw.values))
    return np.where(there, hashes, _MISSING)


def _are_files(values: np.ndarray) -> bool:
    """Return whether values are paths or the bytes of files, all of them."""
    return bool(len(values)) and all(isinstance(value, Path | bytes) for value in values.tolist())


def _content_hashes(values: list[Any], shape: str = "") -> np.ndarray:
    """Return a hash of the bytes of each value; of a path, of the file's, or of its name where it cannot be read."""

    def one(value: Any) -> np.uint64:
        try:
            data = value.read_bytes() if isinstance(value, Path) else value
        except OSError:
            data = os.fsencode(value)
        return np.uint64(int.from_bytes(blake2b(data, digest_size=8, key=shape.encode()).digest(), "big"))

    if values and (isinstance(values[0], Path) or len(values[0]) > _LARGE):
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return np.array(list(pool.map(one, values, chunksize=64)), np.uint64)
    return np.array([one(value) for value in values], np.uint64)


def _number_hashes(values: np.ndarray) -> np.ndarray:
    """Return hashes by value; whole numbers beyond 2**53 keep their own bits, as a float would merge them."""
    floats = values.astype(np.float64) + 0.0  # turns -0.0 into 0.0
    bits = floats.view(np.uint64)
    if values.dtype.kind == "i":
        large = np.abs(floats) >= 2.0**53
        bits = np.where(large, values.astype(np.int64).view(np.uint64), bits)
    return _mixed(bits)


def _mixed(bits: np.ndarray) -> np.ndarray:
    """Return the finalizer of SplitMix64 (Steele, Lea and Flood 2014): every bit in moves every bit out."""
    bits = bits + _MISSING
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _text_hash(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "big"))
