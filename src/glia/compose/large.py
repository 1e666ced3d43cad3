"""Tables larger than memory: a sample decides everything, and all other rows stream from disk into training.

What needs many looks at the rows (kinds of columns, the audit, the split, what columns learn, yardsticks, choosing,
calibrating, testing) sees a sample drawn by chance. Then the whole table is read once more, a piece at a time: every
row that may train is encoded as the sample's rows are and written to shards, from which training draws its batches.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glia.compose.sieve import UNSEEN, Sieve, groups_of
from glia.core.errors import UsageError
from glia.core.finding import Finding
from glia.core.raw import RawTable
from glia.core.recipe import Recipe
from glia.sources import _paths
from glia.sources._chunks import Chunks, chunked
from glia.table.sample import drawn

if TYPE_CHECKING:
    from glia.compose.prepared import Prepared
    from glia.streams._shards import Shards

__all__ = ["Large", "available", "opened"]

Tell = Callable[[str], None]

LEAST, MOST = 2_000, 200_000
"""Rows of a sample: fewer tell too little, and of more there is no use; the other rows train all the same."""
FOREST = 9_000
"""Bytes a row that a hundred deep trees take, two nodes of 72 bytes for each of 0.63 rows in each: the largest model
that is fitted on the sample."""


def available() -> int:
    """Return the bytes of memory that this process may still take, as far as the system says."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return 4 << 30
    try:
        home = Path("/sys/fs/cgroup")
        limit, used = ((home / f"memory.{name}").read_text(encoding="utf-8") for name in ("max", "current"))
        return min(free, int(limit) - int(used))
    except (OSError, ValueError):  # no limit
        return free


def opened(source: Any, recipe: Recipe) -> Large | None:
    """Return a table that is larger than memory, sampled; ``None`` for everything that is read at once.

    Args:
        source: What a person named.
        recipe: Says how much memory there is, or half of what is free counts.

    Raises:
        DataError: The file cannot be read.
    """
    chunks = chunked(source, recipe.data.names)
    if chunks is None:
        return None
    memory = recipe.data.memory or available() // 2
    if chunks.size <= memory:
        return None
    if any(one.media for one in _paths.resolved(next(chunks.each(1000))).columns.values()):
        return None  # a listing of pictures or sounds: what it names is large, and read when wanted
    most = int(np.clip(memory // 3 // (chunks.row + FOREST), LEAST, MOST))
    large = Large(chunks, memory)
    large.sample, large.numbers, large.rows = drawn(chunks.each(large.piece), most, recipe.seed)
    return large


@dataclass
class Large:
    """A table that is larger than memory.

    Args:
        chunks: The table, a piece at a time.
        memory: Bytes that the run may take.
        sample: Rows drawn by chance.
        numbers: Their numbers in the table.
        rows: How many rows the table has.
    """

    chunks: Chunks
    memory: int
    sample: RawTable = field(init=False)
    numbers: np.ndarray = field(init=False)
    rows: int = 0

    @property
    def piece(self) -> int:
        """Rows that are read at a time."""
        return int(np.clip(self.memory // 16 // self.chunks.row, 1_000, 131_072))

    @property
    def window(self) -> int:
        """Bytes of rows that are mixed in memory while training."""
        return int(np.clip(self.memory // 16, 1 << 16, 256 << 20))

    def refuse(self, recipe: Recipe, *, in_order: bool) -> None:
        """Refuse what cannot be had of a table that is never held whole.

        Args:
            recipe: The run's decisions.
            in_order: Whether the order of rows matters; such a table is read at once where nobody set a limit.

        Raises:
            UsageError: The reason.
        """
        counts = [part for part in (recipe.data.split or "").split(",") if part.strip().isdigit() and int(part) > 1]
        wishes = {
            "rows whose order matters": in_order and recipe.data.memory is not None,
            "a full batch": recipe.train.batch_size == "full" and not in_order,
            "parts of so many rows": bool(counts) and not in_order,
        }
        for wish, asked in wishes.items():
            if asked:
                raise UsageError(
                    "too_large",
                    f"the table does not fit into the {_size(self.memory)} that may be used, and {wish} cannot be had "
                    "of a sample and a stream",
                    remedy="leave it out, or allow more with --set data.memory=64GiB",
                    file=self.chunks.path,
                )

    def sampled(self, part: str) -> Finding:
        """Return what a person should know of a table for choosing or testing that is larger than memory."""
        rows, of = len(self.sample), self.rows
        text = (
            f"the {part} table is larger than memory: a sample of {rows:,} of its {of:,} rows, drawn by chance, is used"
        )
        return Finding("streamed", "note", text, {"part": part, "rows": of, "sample": rows})

    def shards(self, prepared: Prepared, recipe: Recipe, room: Path, tell: Tell) -> Shards:
        """Return all training rows as shards: written now, or found where an earlier life of the run left them.

        Args:
            prepared: The sample, parted and learned from.
            recipe: The run's decisions.
            room: The folder for them.
            tell: Told how far it has come.

        Raises:
            DataError: The disk has no room for them, or a row cannot be read rightly.
        """
        from glia.streams._shards import Layout, Shards, Writer

        groups = groups_of(prepared.inputs["train"], prepared.targets["train"])
        layout = Layout(groups, {**prepared.specs(), **prepared.asked()})
        mark = self._mark(prepared, recipe, layout)
        found = Shards.found(room, layout, mark)
        if found is not None:
            return found
        most = max(self.window // 2, 1 << 16)
        writer = Writer(room, layout, self.rows, most=most, seed=recipe.seed)
        try:
            left = Sieve(self, prepared, recipe).into(writer, tell)
            return writer.finish(mark, left_out={name: int(count) for name, count in left.items()})
        except BaseException:
            writer.remove()
            raise

    def _mark(self, prepared: Prepared, recipe: Recipe, layout: Any) -> str:
        """Return what the shards are made from, as one word."""
        there = Path(self.chunks.path).stat()
        parts = [there.st_size, there.st_mtime_ns, recipe.seed, self.memory, str(layout.dtype), self.rows]
        text = json.dumps([*parts, prepared.schema.state(), prepared.split.train.tolist()], default=str)
        return blake2b(text.encode(), digest_size=16).hexdigest()

    def finding(self, shards: Shards | None) -> Finding:
        """Return what a person should know about how the table was read."""
        evidence: dict[str, Any] = {"rows": self.rows, "sample": len(self.sample), "memory": self.memory}
        said = (
            f"{self.rows:,} rows would take about {_size(self.chunks.size)}, and {_size(self.memory)} may be used: "
            "kinds of columns, audit, parts and yardsticks are those of "
            f"a sample of {len(self.sample):,} rows drawn by chance"
        )
        if shards is None:
            return Finding("streamed", "note", said, evidence, "all other rows would stream from disk")
        left = shards.facts["left_out"]
        evidence |= {"training": shards.rows, "left_out": left, "bytes": shards.size, "folder": str(shards.folder)}
        out = [f"{count:,} {name}" for name, count in left.items() if count]
        said += (
            f"; {shards.rows:,} rows train, from {_size(shards.size)} in {len(shards.counts)} files in {shards.folder}"
        )
        said += f"; left out: {', '.join(out)}" if out else ""
        return Finding(
            "streamed",
            "warning" if left.get(UNSEEN) else "note",
            said,
            evidence,
            "the files go when the run is through; with more memory (--set data.memory=64GiB) the sample grows",
        )


def _size(count: float) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"
