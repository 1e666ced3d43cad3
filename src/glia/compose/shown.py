"""What the network and the simple models are shown of a part: its rows, with noise where noise has to be taken away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from glia.compose.prepared import Prepared
from glia.core.constraints import check_options
from glia.core.parts import Objective
from glia.core.recipe import Recipe
from glia.core.values import Batch, seeded
from glia.objectives import objectives
from glia.objectives._givers import Giver

__all__ = ["cleaning", "shown"]

_SLICE = 512


def cleaning(prepared: Prepared, objective: Objective) -> bool:
    """Return whether an objective adds noise and asks for what was there without it."""
    asked = "target" in prepared.asked()
    return isinstance(objective, Giver) and objective.readout == "reconstruct" and objective.noise > 0 and not asked


def shown(prepared: Prepared, recipe: Recipe, objective: Objective | None = None) -> Prepared:
    """Return the rows with noise on those that choose, calibrate and judge; the same noise for everybody.

    Args:
        prepared: The rows.
        recipe: What was asked for.
        objective: What was trained for; ``None`` = what the recipe says.
    """
    if prepared.question.objective != "reconstruct":
        return prepared
    if objective is None:
        part = objectives.get("reconstruct")
        objective = part(**check_options(part, recipe.objective.options, "objective"))
        objective.roles(prepared.specs(), prepared.asked())
    if not cleaning(prepared, objective):
        return prepared
    assert isinstance(objective, Giver)
    parts = {part: _noisy(prepared, objective, part, recipe.seed) for part in ("valid", "calibration", "test")}
    return replace(prepared, inputs={**prepared.inputs, **parts})


def _noisy(prepared: Prepared, objective: Giver, part: str, seed: int) -> dict[str, np.ndarray]:
    """Return the groups of a part with noise, pictures in bytes as a camera would give them."""
    generator = seeded(seed, "noise", part)
    rows = Batch.of(prepared.inputs[part], prepared.targets[part], prepared.weight[part])
    found: dict[str, list[np.ndarray]] = {name: [] for name in prepared.inputs[part]}
    for start in range(0, max(len(rows), 1), _SLICE):
        batch = objective.noisy(rows.take(slice(start, start + _SLICE)), generator)
        for name, pieces in found.items():
            values = batch.values[name].numpy()
            like = prepared.inputs[part][name].dtype
            pieces.append(values.round().astype(like) if np.issubdtype(like, np.integer) else values)
    return {name: np.concatenate(pieces) for name, pieces in found.items()}
