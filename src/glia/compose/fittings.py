"""What a job has beside network and objective, as the choices say: stream, step, schedule and remedies."""

from __future__ import annotations

from collections.abc import Callable

from glia.augments import augments
from glia.compose.choices import Choices
from glia.compose.prepared import Prepared
from glia.core.parts import Remedy, Step, Stream
from glia.core.values import Batch
from glia.streams.augmented import Augmented
from glia.streams.blocks import Blocks
from glia.streams.minibatches import Minibatches
from glia.train.remedies import remedies
from glia.train.schedules import schedules
from glia.train.steps import steps

__all__ = ["remedies_of", "schedule_of", "step_of", "stream_of"]


def stream_of(prepared: Prepared, rows: Batch, choices: Choices, seed: int) -> Stream:
    """Return where batches come from: rows in memory, or all of a table that is larger.

    Args:
        prepared: The rows of all parts.
        rows: The training rows, as networks take them.
        choices: Every decision.
        seed: The seed of their order and of augmentation.
    """
    strata = rows.values["target"][:, 0] if choices.stratify else None
    stream: Stream = Minibatches(rows, batch_size=choices.batch_size, seed=seed, strata=strata)
    if prepared.shards is not None and prepared.large is not None:
        group, most = None if strata is None else "target", prepared.large.window
        stream = Blocks(prepared.shards, batch_size=choices.batch_size or 1, seed=seed, window=most, strata=group)
    if not choices.augment:
        return stream
    return Augmented(stream, [augments.get(name)(**options) for name, options in choices.augment.items()], seed=seed)


def step_of(choices: Choices) -> Step:
    """Return how one gradient is taken."""
    step: Step = steps.get("plain")()
    if choices.micro_batch:
        step = steps.get("accumulate")(step, micro_batch=choices.micro_batch)
    return steps.get("sam")(step) if choices.step == "sam" else step


def schedule_of(choices: Choices) -> Callable[[float], float]:
    """Return the factor on the learning rate by progress, 0 to 1."""
    shape = schedules.get(choices.schedule)
    return lambda progress: float(shape(progress, **choices.schedule_options))


def remedies_of(choices: Choices) -> list[Remedy]:
    """Return the remedies; an average without a memory of its own remembers a quarter of the steps."""
    memory = {"average": {"decay": min(max(1 - 4 / max(choices.steps, 1), 0.9), 0.9995)}}
    return [remedies.get(name)(**{**memory.get(name, {}), **options}) for name, options in choices.remedies.items()]
