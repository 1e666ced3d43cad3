"""A sample of a table that is never held whole: in one pass, every set of so many rows as likely as any other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from glia.core.raw import Raw, RawTable
from glia.core.values import derived

__all__ = ["drawn", "joined"]


def drawn(tables: Iterable[RawTable], most: int, seed: int) -> tuple[RawTable, np.ndarray, int]:
    """Return rows drawn by chance, in their order.

    Every row's number is hashed with the seed, by a map under which no two numbers share a hash, and the rows with the
    smallest hashes are kept: a sample without replacement that does not depend on how the table was cut into pieces.

    Args:
        tables: The table, a piece at a time.
        most: How many rows to draw; at most twice as many are held on the way.
        seed: The run's seed.

    Returns:
        The rows, their numbers in the table (ascending), and how many rows the table has.

    Example:
        >>> from glia.core.raw import Origin
        >>> piece = RawTable({"a": Raw(np.arange(50), np.ones(50, bool))}, Origin("made", "array"))
        >>> table, rows, count = drawn([piece, piece], 10, seed=0)
        >>> len(table), count, bool((table["a"].values == rows % 50).all())
        (10, 100, True)
    """
    kept: list[RawTable] = []
    numbers, hashes = np.zeros(0, np.int64), np.zeros(0, np.uint64)
    below, count = np.uint64(2**64 - 1), 0
    salt = np.uint64(derived(seed, "sample"))
    for table in tables:
        rows = np.arange(count, count + len(table))
        count += len(table)
        marks = _mixed(rows.astype(np.uint64) + salt)
        chosen = np.flatnonzero(marks <= below)
        kept.append(table.take(chosen))
        numbers, hashes = np.append(numbers, rows[chosen]), np.append(hashes, marks[chosen])
        if len(numbers) > 2 * most:
            least = np.sort(np.argpartition(hashes, most)[:most])
            kept = [joined(kept).take(least)]
            numbers, hashes = numbers[least], hashes[least]
            below = hashes.max()
    least = np.sort(np.argsort(hashes)[:most])
    return joined(kept).take(least), numbers[least], count


def joined(tables: Sequence[RawTable]) -> RawTable:
    """Return tables of the same columns one below the other; a column of two types becomes text-like objects."""
    columns = {}
    for name in tables[0]:
        values = [table[name].values for table in tables]
        if len({one.dtype for one in values}) > 1:
            values = [one.astype(object) for one in values]
        columns[name] = Raw(np.concatenate(values), np.concatenate([table[name].present for table in tables]))
    return RawTable(columns, replace(tables[0].origin, first_line=None))


def _mixed(bits: np.ndarray) -> np.ndarray:
    """Return the finalizer of SplitMix64 (Steele, Lea and Flood 2014), which maps 64 bits to 64 bits one to one."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
