"""Which rows of a table larger than memory may train, and how they get to the shards."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from glia.columns._refuse import RowError
from glia.columns.date import moments
from glia.columns.number import numbers
from glia.compose.parting import labels
from glia.core.errors import DataError
from glia.core.raw import RawTable
from glia.core.recipe import Recipe
from glia.table.answers import answered, placed
from glia.table.duplicates import content_hashes

if TYPE_CHECKING:
    from glia.compose.large import Large
    from glia.compose.prepared import Prepared
    from glia.streams._shards import Writer

__all__ = ["UNSEEN", "Sieve", "groups_of"]

EVERY = 10.0  # seconds between two words on how far reading has come
UNSEEN = "with a label that the sample lacks"


class Sieve:
    """Lets through the rows that may train: none that judge, and none that would tell of them.

    Args:
        large: The table.
        prepared: Its sample, parted and learned from.
        recipe: Names the columns by which rows are held together or ordered.
    """

    def __init__(self, large: Large, prepared: Prepared, recipe: Recipe) -> None:
        self.large, self.prepared, self.data = large, prepared, recipe.data
        schema, targets, raw = prepared.schema, prepared.question.targets, prepared.raw
        sample = large.numbers[answered(large.sample, targets)]
        self.held = np.delete(sample, prepared.split.train)
        self.inputs = [name for name, one in schema.columns.items() if one.used and name not in targets]
        others = [table for part, table in raw.items() if part != "train" and len(table)]
        own = content_hashes(raw["train"], self.inputs)
        hashes = [content_hashes(table, self.inputs) for table in others]
        self.copies = np.setdiff1d(np.concatenate([own[:0], *hashes]), own)
        group, when, weight = self.data.group, self.data.time, self.data.weight
        self.groups: set[str] = set()
        if group:
            judging = set[str]().union(*(labels(table, group).tolist() for table in others))
            self.groups = judging - set(labels(raw["train"], group).tolist())
        self.latest = moments(raw["train"][when], when).max() if when else None
        self.weight = numbers(raw["train"][weight]).mean() if weight else 1.0

    def into(self, writer: Writer, tell: Callable[[str], None]) -> Counter[str]:
        """Write every row that may train, and return how many did not, by reason."""
        left: Counter[str] = Counter()
        first, told = 0, time.perf_counter()
        for table in self.large.chunks.each(self.large.piece):
            rows = np.arange(len(table))
            for why, good in self._kept(table, first).items():
                left[why] += int((~good[rows]).sum())
                rows = rows[good[rows]]
            some = self._seen(table, rows)
            left[UNSEEN] += len(rows) - len(some)
            self._write(writer, table.take(some) if len(some) < len(table) else table, first + some)
            first += len(table)
            if time.perf_counter() - told > EVERY:
                told = time.perf_counter()
                tell(f"{first:,} of {self.large.rows:,} rows are encoded")
        if first != self.large.rows:
            text = f"the file had {self.large.rows:,} rows when it was sampled, and has {first:,}"
            raise DataError("rows_changed", text, remedy="let nothing write it meanwhile", file=self.large.chunks.path)
        return left

    def _kept(self, table: RawTable, first: int) -> dict[str, np.ndarray]:
        """Return which rows of a piece may train, by what else would keep them out."""
        held = self.held[np.searchsorted(self.held, first) : np.searchsorted(self.held, first + len(table))] - first
        kept = {"without an answer": answered(table, self.prepared.question.targets)}
        kept["that choose, calibrate or test"] = ~np.isin(np.arange(len(table)), held)
        if self.data.group:
            texts = labels(table, self.data.group).tolist()
            kept["of groups that judge"] = np.array([text not in self.groups for text in texts], bool)
        if self.data.time:
            kept["later than training"] = moments(table[self.data.time], self.data.time) <= self.latest
        if len(self.copies):
            kept["that are copies of those"] = ~np.isin(content_hashes(table, self.inputs), self.copies)
        return kept

    def _seen(self, table: RawTable, rows: np.ndarray) -> np.ndarray:
        """Return the rows whose label the sample knows, too; a target that cannot be read is an error."""
        for name in self.prepared.question.targets:
            raw, column = table[name], self.prepared.schema.columns[name]
            while len(rows):
                try:
                    column.encode(raw.take(rows))
                    break
                except RowError as error:
                    at = int(rows[error.row])
                    if error.code != "unseen_label":
                        raise placed(error, table, at) from None
                    rows = rows[raw.values[rows] != raw.values[at]]
        return rows

    def _write(self, writer: Writer, table: RawTable, rows: np.ndarray) -> None:
        if not len(rows):
            return
        schema = self.prepared.schema
        groups = groups_of(schema.encode(table), schema.encode(table, "target").get("target"))
        weight: np.ndarray = np.ones(len(rows), np.float32)
        if self.data.weight:
            weight = numbers(table[self.data.weight]) / self.weight
            if not (np.isfinite(weight).all() and (weight >= 0).all()):
                text = "weights must be finite numbers, none negative"
                raise DataError("bad_weight", text, file=self.large.chunks.path, column=self.data.weight)
        writer.add(groups, weight, rows)


def groups_of(inputs: dict[str, np.ndarray], target: np.ndarray | None) -> dict[str, np.ndarray]:
    """Return inputs and answers together, where something is asked for."""
    asked = {} if target is None or 0 in target.shape[1:] else {"target": target}
    return {**inputs, **asked}
