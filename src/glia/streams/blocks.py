"""Rows drawn without replacement, epoch after epoch, from files that are larger than memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

import numpy as np
import torch

from glia.core.constraints import Range
from glia.core.parts import Stream
from glia.core.values import Batch, derived, seeded
from glia.streams._interleave import interleaved
from glia.streams._shards import Shards

__all__ = ["Blocks"]


class Blocks(Stream):
    """Yield shuffled batches of rows that lie in files; every row once an epoch.

    The files hold all rows in an order drawn by chance (see :mod:`glia.streams._shards`). Every epoch reads their
    blocks in a new random order, so many at a time as fit into a window in memory, and puts the rows of each window in
    a new random order. How well that mixes:

    - Every epoch alone is a full shuffle: each order of all rows has the same probability. A batch is therefore a
      sample without replacement of the whole table, as one from :class:`glia.streams.minibatches.Minibatches` is.
    - Epochs are not independent of each other: rows of one block share a window in every epoch, where after full
      shuffles two rows would do so with probability w / b, for windows of w blocks out of b. Rows of different blocks
      do so with probability (w - 1) / (b - 1), anew in each epoch. Which rows of a window share a batch is drawn anew.

    The order depends on seed and epoch only, so a position is two integers.

    Args:
        shards: All training rows.
        batch_size: Rows a step.
        seed: The run's seed.
        window: Bytes of rows that are mixed in memory.
        block: Bytes of rows that are read in one stretch.
        strata: A group whose codes are spread evenly over each window (stratified batches); ``None`` = none.
    """

    def __init__(
        self,
        shards: Shards,
        *,
        batch_size: Annotated[int, Range(1)] = 256,
        seed: int = 0,
        window: Annotated[int, Range(1)] = 64 << 20,
        block: Annotated[int, Range(1)] = 1 << 20,
        strata: str | None = None,
    ) -> None:
        self.shards = shards
        self.batch_size = min(batch_size, shards.rows)
        self.seed = seed
        self.strata = strata
        self.steps_per_epoch = -(-shards.rows // self.batch_size)
        self.epoch = 0
        self.offset = 0
        rows = max(1, min(block, window) // shards.layout.dtype.itemsize)
        self.blocks = np.array(
            [
                (shard, first, min(first + rows, count))
                for shard, count in enumerate(shards.counts)
                for first in range(0, count, rows)
            ]
        )
        self.per_window = max(1, window // (rows * shards.layout.dtype.itemsize))

    def batches(self) -> Iterator[Batch]:
        """Yield batches for ever, from the present position on."""
        while True:
            rest = np.empty(0, self.shards.layout.dtype)
            for records in self._windows(self.epoch, self.offset):
                records = np.concatenate([rest, records]) if len(rest) else records
                at = 0
                while len(records) - at >= (size := min(self.batch_size, self.shards.rows - self.offset)) > 0:
                    # The position moves before the batch is given: a checkpoint after its step resumes behind it.
                    self.offset += self.batch_size
                    at += size
                    yield self.shards.layout.batch(records[at - size : at])
                rest = records[at:]
            self.epoch, self.offset = self.epoch + 1, 0

    def _windows(self, epoch: int, offset: int) -> Iterator[np.ndarray]:
        """Yield the rows of an epoch's windows, each in its order, from some row on."""
        order = np.random.default_rng(derived(self.seed, "blocks", epoch)).permutation(len(self.blocks))
        first = 0
        for number, at in enumerate(range(0, len(order), self.per_window)):
            blocks = self.blocks[order[at : at + self.per_window]]
            last = first + int((blocks[:, 2] - blocks[:, 1]).sum())
            if last > offset:
                yield from self._mixed(blocks, epoch, number, max(offset - first, 0))
            first = last

    def _mixed(self, blocks: np.ndarray, epoch: int, number: int, skip: int) -> Iterator[np.ndarray]:
        """Yield a window's rows in a random order, some batches at a time."""
        count = int((blocks[:, 2] - blocks[:, 1]).sum())
        generator = seeded(self.seed, "shuffle", epoch, number)
        order = torch.randperm(count, generator=generator)
        if self.strata is not None:
            codes = self.shards.window(blocks)[self.strata].reshape(count, -1)[:, 0]
            order = interleaved(order, torch.from_numpy(codes.astype(np.int64)), generator)
        rows = order.numpy()[skip:]
        for at in range(0, len(rows), self.batch_size):
            # Asked for each time: a window is shared by all who train on the same rows, and held once.
            yield self.shards.window(blocks)[rows[at : at + self.batch_size]]

    def state_dict(self) -> dict[str, int]:
        """Return the position: epoch and offset inside it."""
        return {"epoch": self.epoch, "offset": self.offset}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go back to a position."""
        self.epoch, self.offset = state["epoch"], state["offset"]
