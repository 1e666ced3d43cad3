"""Looking at rows: what networks say of them, and how good that is while training goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from glia.compose.choices import Choices
from glia.compose.prepared import Prepared
from glia.core.parts import Objective
from glia.core.ragged import joined
from glia.core.values import Batch
from glia.judge.readouts import readouts
from glia.metrics import metrics
from glia.train.job import Nets

__all__ = ["looking", "outputs", "part_of", "valid_loss"]


def part_of(prepared: Prepared, part: str) -> Batch:
    """Return the rows of a part, as networks and objectives take them."""
    return Batch.of(prepared.inputs[part], prepared.targets[part], prepared.weight[part])


def outputs(objective: Objective, nets: Mapping[str, Callable[..., Any]], rows: Batch, size: int = 512) -> np.ndarray:
    """Return what the offer ``predict`` gives for every row, computed in slices."""
    call = objective.offers()["predict"].call
    order = rows.by_length()
    found = joined([call(nets, rows.take(some)).float().cpu().numpy() for some in order.split(size)])
    return found if not rows.ragged else found[order.argsort().cpu().numpy()]


def looking(
    prepared: Prepared, rows: Batch, objective: Objective, choices: Choices, most: int
) -> Callable[[Nets], Mapping[str, float]] | None:
    """Return the function that measures validation loss and, where one is chosen by, a metric.

    Args:
        prepared: The rows.
        rows: Those for choosing, as training sees them.
        objective: What is right.
        choices: Say what weights are chosen by.
        most: How many of the rows a loss is measured on; a metric looks at all.

    Returns:
        The function; ``None`` where there is no row to look at.
    """
    if not len(rows):
        return None
    if choices.watch == "loss":
        some = rows if len(rows) == most else rows.take(torch.linspace(0, len(rows) - 1, most).long())
        return partial(valid_loss, objective, some)
    metric = metrics.get(choices.watch)()
    readout = readouts.get(objective.readout)()

    def evaluate(nets: Nets) -> Mapping[str, float]:
        out = outputs(objective, nets, rows)
        found = readout.answer(prepared.schema.decode(out) if objective.decoded else out)
        stats = metric.stats(found, prepared.truth["valid"], prepared.weight["valid"])
        value = float(metric.value(stats)[0])
        # Much of what the loss would say is said by the metric, so a part of the rows is enough.
        loss = valid_loss(objective, rows.take(slice(0, 1024)), nets)["loss"]
        return {"loss": loss, choices.watch: value, "score": value if metric.higher else -value}

    return evaluate


def valid_loss(objective: Objective, rows: Batch, nets: Nets, size: int = 512) -> dict[str, float]:
    """Return the mean loss of rows, computed in slices; chance draws the same every time."""
    objective = getattr(objective, "inner", objective)  # rows that are looked at are not blended
    generator = torch.Generator().manual_seed(0)
    total = weight = 0.0
    for start in range(0, len(rows), size):
        part = objective.loss(objective.turns[0].name, nets, rows.take(slice(start, start + size)), generator)
        total, weight = total + float(part.total()), weight + float(part.weight.sum())
    loss = total / max(weight, 1e-12)
    return {"loss": loss, "score": -loss}
