"""Encoded rows in files: written in an order drawn by chance, read through the memory map.

A row is one record of fixed length, all its groups side by side, so that a block of rows is one stretch of a file and
putting rows in another order moves each of them once.

The order is drawn as Rao (1961) and Sandelius (1962) draw it: every row goes to one of K files, each as likely as any
other, whatever happened to the rows before; then every file is put in a random order in memory. Read one after the
other, the files hold every order of all rows with the same probability: a full shuffle, no approximation of one.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import torch

from glia.core.errors import DataError
from glia.core.store import read_json, refusing, write_json
from glia.core.values import Batch, Specs, derived

__all__ = ["Layout", "Shards", "Writer"]

_FACTS = "shards.json"


class Layout:
    """How a row becomes a record; codes take as few bytes as their largest needs.

    Args:
        groups: Encoded groups of some rows, ``"target"`` among them.
        specs: What they hold.

    Example:
        >>> from glia.core.values import Spec
        >>> groups = {"number": np.zeros((3, 2), np.float32), "category": np.ones((3, 1), np.int64)}
        >>> layout = Layout(groups, {"category": Spec(("feature",), (1,), "int64", classes=(("a", "b"),))})
        >>> layout.dtype.itemsize  # 8 for the row's number, 4 for its weight, 8 for numbers, 1 for a code
        21
    """

    def __init__(self, groups: Mapping[str, np.ndarray], specs: Specs) -> None:
        self.kinds = {name: one.dtype for name, one in groups.items()}
        self.ragged = tuple(name for name, one in groups.items() if one.dtype == np.int32 and one.ndim == 2)
        most = {name: max(specs[name].cardinalities, default=0) for name in groups if name in specs}
        fields: list[Any] = [("row", "<i8"), ("weight", "<f4")]
        for name, one in groups.items():
            codes = one.dtype == np.int64 and most.get(name, 0) > 0
            fields.append((name, np.min_scalar_type(most[name]) if codes else one.dtype, one.shape[1:]))
        self.dtype = np.dtype(fields)

    def records(self, groups: Mapping[str, np.ndarray], weight: np.ndarray, row: np.ndarray) -> np.ndarray:
        """Return rows as records; padding is cut or added where codes of texts are shorter or longer."""
        out = np.zeros(len(row), self.dtype)
        out["row"], out["weight"] = row, weight
        for name, values in groups.items():
            if name in self.ragged:
                width = min(values.shape[1], out[name].shape[1])
                out[name][:, :width] = values[:, :width]
            else:
                out[name] = values
        return out

    def batch(self, records: np.ndarray) -> Batch:
        """Return records as a batch."""
        values = {name: torch.from_numpy(records[name].astype(kind)) for name, kind in self.kinds.items()}
        for name in self.ragged:
            used = (values[name] != 0).any(0).nonzero()
            values[name] = values[name][:, : int(used[-1]) + 1 if len(used) else 1].contiguous()
        weight, row = (torch.from_numpy(np.ascontiguousarray(records[name])) for name in ("weight", "row"))
        return Batch(values, weight, row, self.ragged)


@dataclass
class Shards:
    """Rows in files, in an order drawn by chance.

    Args:
        folder: Where the files are.
        layout: How a row is written.
        counts: Rows in each file.
        digest: What the rows are known by, in the order of their source.
        facts: What else was found out while they were written.
    """

    folder: Path
    layout: Layout
    counts: tuple[int, ...]
    digest: str
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._maps: dict[int, np.ndarray] = {}
        self._held: tuple[Any, np.ndarray] | None = None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(self.counts)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.rows * self.layout.dtype.itemsize

    @classmethod
    def found(cls, folder: Path, layout: Layout, mark: str) -> Shards | None:
        """Return the shards that an earlier life of a run left whole; ``None`` where there are none such."""
        try:
            facts = read_json(folder / _FACTS)
            made = cls(folder, layout, tuple(facts["counts"]), facts["digest"], facts["facts"])
            whole = all(
                _file(folder, at).stat().st_size == count * layout.dtype.itemsize
                for at, count in enumerate(made.counts)
            )
            return made if whole and facts["mark"] == mark else None
        except (DataError, OSError, KeyError, TypeError):
            return None

    def stretch(self, shard: int, first: int, last: int) -> np.ndarray:
        """Return rows of one file as a view of the map: nothing is read before it is looked at."""
        if shard not in self._maps:
            self._maps[shard] = np.memmap(_file(self.folder, shard), self.layout.dtype, "r", shape=self.counts[shard])
        return self._maps[shard][first:last]

    def window(self, blocks: np.ndarray) -> np.ndarray:
        """Return blocks, each (shard, first, last), as records in memory; whoever asks for the same shares them."""
        key = blocks.tobytes()
        if self._held is None or self._held[0] != key:
            self._held = None  # the memory of the last one goes before the next one comes
            out = np.empty(int((blocks[:, 2] - blocks[:, 1]).sum()), self.layout.dtype)
            at = 0
            for shard, first, last in blocks.tolist():
                out[at : at + last - first] = self.stretch(shard, first, last)
                at += last - first
            self._held = key, out
        return self._held[1]

    def remove(self) -> None:
        """Delete the files."""
        self._maps.clear()
        self._held = None
        shutil.rmtree(self.folder, ignore_errors=True)


class Writer:
    """Writes rows to files in an order drawn by chance; see the top of this file.

    Args:
        folder: Where to write; what an interrupted writer left there goes first.
        layout: How a row is written.
        rows: About how many rows will come.
        most: Bytes that a file may have, which must fit into memory.
        seed: The run's seed.

    Raises:
        DataError: The disk has no room for so many rows.
    """

    def __init__(self, folder: Path, layout: Layout, rows: int, *, most: int = 32 << 20, seed: int = 0) -> None:
        self.folder, self.layout, self.seed = folder, layout, seed
        size = rows * layout.dtype.itemsize
        with refusing(folder, need=size):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            free = shutil.disk_usage(folder).free
        if size + most > free:
            folder.rmdir()
            raise DataError(
                "no_disk",
                f"the encoded rows take {_large(size)} on disk, and {_large(free)} are free where the run is written",
                remedy="free some space, or choose another folder with --out",
                file=folder.parent,
            )
        self.counts = np.zeros(max(1, -(-size // most)), np.int64)
        self._hash = blake2b(digest_size=8)
        self._pieces = 0

    def add(self, groups: Mapping[str, np.ndarray], weight: np.ndarray, row: np.ndarray) -> None:
        """Scatter rows over the files.

        Args:
            groups: Encoded groups of N rows, ``"target"`` among them.
            weight: (N,) their weights.
            row: (N,) their numbers in the source.
        """
        records = self.layout.records(groups, weight, row)
        self._hash.update(records.view(np.uint8).data)
        generator = np.random.default_rng(derived(self.seed, "scatter", self._pieces))
        self._pieces += 1
        home = generator.integers(len(self.counts), size=len(records))
        records = records[np.argsort(home, kind="stable")]
        ends = np.cumsum(np.bincount(home, minlength=len(self.counts)))
        with refusing(self.folder, need=records.nbytes):
            for shard, (first, last) in enumerate(zip([0, *ends[:-1].tolist()], ends.tolist())):
                with _file(self.folder, shard).open("ab") as file:
                    file.write(records[first:last].view(np.uint8).data)
                self.counts[shard] += last - first

    def remove(self) -> None:
        """Delete what was written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def finish(self, mark: str, **facts: Any) -> Shards:
        """Put every file in a random order and return them all.

        Args:
            mark: What the rows were made from, for a run that goes on.
            facts: What else to remember.
        """
        for shard in range(len(self.counts)):
            path = _file(self.folder, shard)
            with refusing(path, need=path.stat().st_size):
                records = np.fromfile(path, self.layout.dtype)
                order = np.random.default_rng(derived(self.seed, "permute", shard)).permutation(len(records))
                with path.open("r+b") as file:
                    file.write(records[order].view(np.uint8).data)
        made = Shards(self.folder, self.layout, tuple(self.counts.tolist()), self._hash.hexdigest(), dict(facts))
        counts = list(made.counts)
        write_json(self.folder / _FACTS, {"mark": mark, "counts": counts, "digest": made.digest, "facts": facts})
        return made


def _file(folder: Path, shard: int) -> Path:
    return folder / f"{shard:05d}.rows"


def _large(size: float) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.1f} MiB"
