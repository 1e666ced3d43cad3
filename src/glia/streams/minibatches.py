"""Rows drawn without replacement, epoch after epoch, from tensors in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

import torch

from glia.core.constraints import Range
from glia.core.parts import Stream
from glia.core.values import Batch, seeded
from glia.streams._interleave import interleaved

__all__ = ["Minibatches"]


class Minibatches(Stream):
    """Yield shuffled batches of rows; every row once an epoch.

    The order of an epoch depends on the seed and the epoch's number only, so a position is two integers. Without
    classes the last batch of an epoch may be short; with classes, every class is spread evenly over the epoch.

    Args:
        rows: All training rows as one batch.
        batch_size: Rows a step; 1 is stochastic, ``None`` or more than there are is full batch.
        seed: The run's seed.
        strata: (N,) codes; rows of one code are spread evenly over each epoch (stratified batches). Where rows are
            ragged, rows of like length share a batch instead, so that little of it is padding.

    Example:
        >>> rows = Batch({"number": torch.arange(5.0)[:, None]}, torch.ones(5), torch.arange(5))
        >>> stream = Minibatches(rows, batch_size=2)
        >>> epoch = [batch.row.tolist() for batch, _ in zip(stream.batches(), range(3))]
        >>> [len(ids) for ids in epoch], sorted(sum(epoch, []))
        ([2, 2, 1], [0, 1, 2, 3, 4])
    """

    def __init__(
        self,
        rows: Batch,
        *,
        batch_size: Annotated[int, Range(1)] | None = 256,
        seed: int = 0,
        strata: torch.Tensor | None = None,
    ) -> None:
        self.rows = rows
        self.batch_size = min(batch_size or len(rows), len(rows))
        self.seed = seed
        self.strata = strata
        self.lengths = sum((rows.values[name] != 0).sum(1) for name in rows.ragged) if rows.ragged else None
        self.steps_per_epoch = -(-len(rows) // self.batch_size)
        self.epoch = 0
        self.offset = 0

    def batches(self) -> Iterator[Batch]:
        """Yield batches for ever, from the present position on."""
        whole = self.batch_size == len(self.rows)
        while True:
            order = None if whole else self._order(self.epoch)
            while self.offset < len(self.rows):
                span = slice(self.offset, self.offset + self.batch_size)
                # The position moves before the batch is given: a checkpoint taken after its step resumes behind it.
                self.offset += self.batch_size
                yield self.rows if order is None else self.rows.take(order[span])
            self.epoch, self.offset = self.epoch + 1, 0

    def _order(self, epoch: int) -> torch.Tensor:
        generator = seeded(self.seed, "shuffle", epoch)
        order = torch.randperm(len(self.rows), generator=generator)
        if isinstance(self.lengths, torch.Tensor):
            return self._alike(order, self.lengths, generator)
        if self.strata is None:
            return order
        return interleaved(order, self.strata, generator)

    def _alike(self, order: torch.Tensor, lengths: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return an order whose batches hold rows of like length, drawn from stretches of 32 batches each."""
        stretch = 32 * self.batch_size
        pieces = [part[torch.argsort(lengths[part], stable=True)] for part in order.split(stretch)]
        batches = list(torch.cat(pieces).split(self.batch_size))
        last = [batches.pop()] if len(batches[-1]) < self.batch_size else []  # a short batch stays at the end
        places = torch.randperm(len(batches), generator=generator).tolist()
        return torch.cat([*(batches[at] for at in places), *last])

    def state_dict(self) -> dict[str, int]:
        """Return the position: epoch and offset inside it."""
        return {"epoch": self.epoch, "offset": self.offset}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go back to a position."""
        self.epoch, self.offset = state["epoch"], state["offset"]
