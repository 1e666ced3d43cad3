"""Batches of another stream, changed by chance in ways that leave their answers true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from glia.core.parts import Augment, Stream
from glia.core.values import Batch, seeded

__all__ = ["Augmented"]


class Augmented(Stream):
    """Change every batch of a stream, differently each time it comes.

    Chance depends on the seed and the position only, so a resumed run draws what the first one would have drawn.

    Args:
        inner: Where batches come from.
        augments: What is done to them, in this order.
        seed: The run's seed.

    Example:
        >>> import torch
        >>> from glia.streams.minibatches import Minibatches
        >>> class Twice(Augment):
        ...     def __call__(self, batch, generator, epoch):
        ...         return batch.having(number=2 * batch.values["number"])
        >>> rows = Batch({"number": torch.ones(2, 1)}, torch.ones(2), torch.arange(2))
        >>> next(Augmented(Minibatches(rows), [Twice()]).batches()).values["number"].flatten().tolist()
        [2.0, 2.0]
    """

    def __init__(self, inner: Stream, augments: Sequence[Augment], *, seed: int = 0) -> None:
        self.inner = inner
        self.augments = tuple(augments)
        self.seed = seed
        self.steps_per_epoch = inner.steps_per_epoch

    def batches(self) -> Iterator[Batch]:
        """Yield changed batches for ever, from the present position on."""
        for batch in self.inner.batches():
            place = self.inner.state_dict()
            generator = seeded(self.seed, "augment", *place.values())
            for augment in self.augments:
                batch = augment(batch, generator, place["epoch"])
            yield batch

    def state_dict(self) -> dict[str, int]:
        """Return the position of the inner stream."""
        return self.inner.state_dict()

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go back to a position."""
        self.inner.load_state_dict(state)
