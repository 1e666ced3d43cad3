"""Deal units of rows out to parts so that every part holds every stratum in proportion.

Legend: N = rows, U = units (rows that must stay together), S = strata, K = parts.
"""

from __future__ import annotations

import numpy as np

__all__ = ["assign"]

# Beyond this many units of several rows, the smaller ones are dealt out by the bucket instead of one by one.
_ONE_BY_ONE = 5_000


def assign(
    strata: np.ndarray, units: np.ndarray, sizes: np.ndarray, generator: np.random.Generator, *, cover: bool
) -> np.ndarray:
    """Return the part of every row: units whole, part sizes as wished, strata in proportion.

    Large units are placed one by one, each where it lowers the chi-square distance between wished and
    present counts most; then all units of one size and stratum are dealt out at once, rounding errors handed
    on to the next stratum. Without units of several rows every part gets exactly its size.

    Args:
        strata: (N,) int64 codes from 0.
        units: (N,) int64 codes from 0, each used at least once.
        sizes: (K,) int64 rows wished for, summing to N; a part of size 0 stays empty.
        generator: Where chance comes from.
        cover: Whether part 0 must hold every stratum, as far as units allow.

    Returns:
        (N,) int64 part of every row.
    """
    deal = _Deal(strata, units, sizes, generator)
    if cover:
        deal.secure_rare()
    deal.place_large()
    deal.place_rest()
    if cover:
        deal.cover_first()
    deal.fill_empty()
    return deal.place[units]


class _Deal:
    """The state of one deal: which part each unit went to, and the rows per part and stratum."""

    def __init__(
        self, strata: np.ndarray, units: np.ndarray, sizes: np.ndarray, generator: np.random.Generator
    ) -> None:
        self.generator = generator
        self.allowed = sizes > 0
        self.size = np.bincount(units)
        s = self.s = int(strata.max()) + 1
        # Rows per (unit, stratum) as parallel arrays sorted by unit; a dense matrix would not fit.
        pair, rows = np.unique(units * s + strata, return_counts=True)
        self.unit_of, self.stratum_of, self.rows_of = pair // s, pair % s, rows
        self.start = np.searchsorted(self.unit_of, np.arange(len(self.size) + 1))
        top = np.lexsort((-self.rows_of, self.unit_of))[self.start[:-1]]
        self.main = self.stratum_of[top]
        self.place = np.full(len(self.size), -1, np.int64)
        self.secured = np.zeros(len(self.size), bool)
        # Column S counts all rows of a part, so that sizes hold even where strata are tiny.
        self.have = np.zeros((len(sizes), s + 1))
        self._wish(np.bincount(strata, minlength=s).astype(float), sizes.astype(float))

    def _wish(self, counts: np.ndarray, sizes: np.ndarray) -> None:
        n = max(counts.sum(), 1.0)
        self.want = np.outer(sizes, np.append(counts, n) / n)
        self.counts, self.sizes = counts, sizes

    def _recount(self) -> None:
        """Count the rows placed so far, exactly."""
        part = np.where(self.secured, -1, self.place)[self.unit_of]
        there = part >= 0
        cells = part[there] * self.s + self.stratum_of[there]
        rows = np.bincount(cells, self.rows_of[there], len(self.sizes) * self.s)
        self.have[:, :-1] = rows.reshape(len(self.sizes), self.s)
        self.have[:, -1] = self.have[:, :-1].sum(axis=1)

    def secure_rare(self) -> None:
        """Give part 0 one row of every stratum so small that rounding might leave it none."""
        single = self.generator.permutation(np.flatnonzero(self.size == 1))
        rare = np.flatnonzero((self.want[0, :-1] < 2) & (self.counts > 0))
        single = single[np.isin(self.main[single], rare)]
        strata, first = np.unique(self.main[single], return_index=True)
        self.place[single[first]] = 0
        self.secured[single[first]] = True
        counts, sizes = self.counts.copy(), self.sizes.copy()
        counts[strata] -= 1
        sizes[0] = max(sizes[0] - len(strata), 0.0)
        # What is secured leaves the reckoning, so that the other parts still get their full size.
        self._wish(counts, sizes)

    def place_large(self) -> None:
        """Place units of several rows one by one, the largest first."""
        several = self.generator.permutation(np.flatnonzero(self.size > 1))
        several = several[np.argsort(-self.size[several], kind="stable")][:_ONE_BY_ONE]
        wished = np.where(self.want > 0, self.want, 1e-9)
        for unit in several:
            cut = slice(self.start[unit], self.start[unit + 1])
            strata = np.append(self.stratum_of[cut], self.s)
            rows = np.append(self.rows_of[cut], self.size[unit])
            room = self.want[:, strata] - self.have[:, strata]
            gain = (rows * (2 * room - rows) / wished[:, strata]).sum(axis=1)
            part = np.argmax(np.where(self.allowed, gain, -np.inf))
            self.place[unit] = part
            self.have[part, strata] += rows

    def place_rest(self) -> None:
        """Deal out what is left, single rows last, since they can level out what larger units left uneven."""
        rest = self.generator.permutation(np.flatnonzero(self.place < 0))
        self._deal_out(rest[self.size[rest] > 1], mixed=True)
        self._recount()
        self._deal_out(rest[self.size[rest] == 1], mixed=False)

    def _deal_out(self, units: np.ndarray, *, mixed: bool) -> None:
        """Divide units by the bucket of equal size and stratum, in proportion to the room parts still have.

        Units of several rows mix strata, so only the room for rows of any kind is theirs to reckon with.
        """
        key = (self.size.max() - self.size[units]) * self.s + self.main[units]
        order = np.argsort(key, kind="stable")
        units, key = units[order], key[order]
        carry = np.zeros(len(self.sizes))
        begin = 0
        for end in (np.flatnonzero(np.diff(key, append=-1)) + 1).tolist():
            bucket = units[begin:end]
            size, stratum = int(self.size[bucket[0]]), int(self.main[bucket[0]])
            column = self.s if mixed else stratum
            room = np.clip(self.want[:, column] - self.have[:, column], 0.0, None) * self.allowed
            share = room if room.sum() > 0 else self.want[:, self.s] + self.allowed * 1e-9
            wished = np.where(self.allowed, len(bucket) * share / share.sum() + carry / size, 0.0)
            quota = _rounded(wished, len(bucket))
            carry = (wished - quota) * size
            self.place[bucket] = np.repeat(np.arange(len(quota)), quota)
            self.have[:, column] += quota * size
            begin = end

    def cover_first(self) -> None:
        """Move the smallest unit of each stratum that part 0 still lacks, where its part can spare it."""
        held = np.zeros(self.s, bool)
        held[self.stratum_of[self.place[self.unit_of] == 0]] = True
        for stratum in np.flatnonzero(~held):
            owners = self.unit_of[self.stratum_of == stratum]
            parts = np.bincount(self.place, minlength=len(self.sizes))
            owners = owners[parts[self.place[owners]] > 1]
            if len(owners):
                self.place[owners[np.argmin(self.size[owners])]] = 0

    def fill_empty(self) -> None:
        """Give a part that was meant to have rows but got none the smallest unit of the richest part."""
        for part in np.flatnonzero(self.allowed):
            if not (self.place == part).any():
                richest = np.argmax(np.bincount(self.place, minlength=len(self.sizes)))
                owners = np.flatnonzero(self.place == richest)
                self.place[owners[np.argmin(self.size[owners])]] = part


def _rounded(wished: np.ndarray, total: int) -> np.ndarray:
    """Return whole numbers >= 0 that sum to a total and lie as near as can be to what is wished."""
    quota = np.floor(np.clip(wished, 0, None)).astype(np.int64)
    while (left := total - int(quota.sum())) != 0:
        error = wished - quota
        if left > 0:
            quota[np.argsort(-error, kind="stable")[:left]] += 1
        else:
            quota[np.argmin(np.where(quota > 0, error, np.inf))] -= 1
    return quota
