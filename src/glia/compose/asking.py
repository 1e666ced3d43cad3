"""What a person asked for, as a recipe."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from glia.augments import augments
from glia.core.constraints import check_options
from glia.core.errors import UsageError
from glia.core.recipe import Recipe, edited, load
from glia.core.shelf import Shelf
from glia.nets import nets
from glia.train.optimizers import optimizers
from glia.train.remedies import remedies
from glia.train.schedules import schedules

__all__ = ["asked", "seconds"]


def seconds(text: float | str) -> float:
    """Return a time in seconds, given as a number or with a unit.

    Args:
        text: ``90``, ``"90s"``, ``"1.5m"`` or ``"2h"``.

    Raises:
        UsageError: It is no time, or not above zero.

    Example:
        >>> seconds("1.5m")
        90.0
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|sec|m|min|h)?\s*", str(text))
    units = {"ms": 1e-3, None: 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}
    value = float(match[1]) * units[match[2]] if match else 0.0
    if value <= 0:
        raise UsageError("bad_budget", f"{text!r} is no time above zero", remedy="write 60s, 5m or 1h")
    return value


def asked(
    recipe: Recipe | str | Path | None, *, settings: Mapping[str, Any] | Sequence[str] = (), **said: Any
) -> Recipe:
    """Return the recipe a person's words amount to: an earlier recipe, arguments laid over it, then settings.

    Args:
        recipe: A recipe to start from, or where one is written.
        settings: ``part.name`` settings, laid on last.
        said: The arguments of :func:`glia.fit`; ``None`` means nothing was said.
    """
    base = recipe if isinstance(recipe, Recipe) else Recipe() if recipe is None else load(recipe)
    target = said["target"]
    targets = None if target is None else [target] if isinstance(target, str) else [str(name) for name in target]
    data = {
        "source": _name(said["source"]),
        "test": _name(said["test"]),
        "valid": _name(said["valid"]),
        "target": targets,
        "names": said["names"],
        "columns": said["columns"] and dict(said["columns"]),
        "split": said["split"],
        "group": said["group"],
        "time": said["time"],
        "known": said.get("known"),
        "horizon": said.get("horizon"),
        "lookback": said.get("lookback"),
        "skip_bad": said.get("skip_bad"),
    }
    # A count of epochs replaces a count of steps that an earlier run settled.
    epochs = {} if said["epochs"] is None else {"epochs": said["epochs"], "steps": None, "stop": None}
    parts: dict[str, dict[str, Any]] = {
        "data": data,
        "net": {"name": said["net"]},
        "objective": {"task": said["task"]},
        "train": epochs,
        "judge": {"metric": said["metric"]},
    }
    document = base.model_dump()
    for part, fields in parts.items():
        document[part] |= {name: value for name, value in fields.items() if value is not None or part == "train"}
    for name in ("seed", "accept"):
        if said[name] is not None and said[name] != ():
            document[name] = said[name]
    if said["budget"] is not None:
        document["budget"] = seconds(said["budget"])
        if recipe is not None:  # a new budget asks for a new number of steps
            document["train"] |= {"steps": None, "stop": None, "evaluate_every": None}
    from glia.core.recipe import read

    pairs = [f"{name}={value}" for name, value in settings.items()] if isinstance(settings, Mapping) else settings
    recipe = edited(read(document), pairs)
    _checked(recipe)
    return recipe


def _checked(recipe: Recipe) -> None:
    """Refuse a part or an option that does not exist, before minutes are spent on reading rows."""
    train = recipe.train
    chosen: list[tuple[Shelf, str | None, Mapping[str, Any], str]] = [
        (nets, None if recipe.net.name == "auto" else recipe.net.name, recipe.net.options, "net"),
        (optimizers, train.optimizer, train.optimizer_options, "train.optimizer"),
        (schedules, train.schedule, train.schedule_options, "train.schedule"),
    ]
    changes = train.augment if isinstance(train.augment, dict) else {}
    chosen += [(augments, name, options, f"train.augment.{name}") for name, options in changes.items()]
    chosen += [(remedies, name, options, f"train.remedies.{name}") for name, options in train.remedies.items()]
    for shelf, name, options, where in chosen:
        if name is not None:
            check_options(shelf.get(name), {key: one for key, one in options.items() if key != "lr"}, where)


def _name(source: Any) -> str | None:
    """Return how a source is written down; tables in memory have no name to find them again by."""
    if source is None:
        return None
    return str(source) if isinstance(source, str | Path) else f"<{type(source).__module__.split('.')[0]} object>"
