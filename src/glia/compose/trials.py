"""What to try with time that is left: other sizes and strengths of regularization, the best on validation kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from glia.compose.choices import Choices
from glia.core.recipe import Recipe

__all__ = ["trials"]

# Each is laid over the default. Small tables want less network and more restraint, large ones the opposite.
VARIATIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "tabm": (
        {"net_options": {"members": 24, "width": 96}},
        {"net_options": {"numbers": "none"}},
        {"net_options": {"width": 64, "depth": 2, "dropout": 0.25}, "weight_decay": 1e-2},
        {"net_options": {"width": 192, "depth": 2, "dropout": 0.0, "embedding_width": 24}},
        {"net_options": {"width": 64, "depth": 1, "dropout": 0.4, "numbers": "none"}, "weight_decay": 3e-2},
    )
}


def trials(choices: Choices, recipe: Recipe) -> Iterator[Choices]:
    """Yield further settings worth a trial, in the order of their promise.

    A person who chose the network or its options gets just that, and so does one who counts epochs instead of
    seconds, since how many trials fit would then depend on a clock.

    Args:
        choices: The decisions of the first run.
        recipe: What was asked for.
    """
    count = recipe.train.trials
    chosen = recipe.net.name != "auto" or recipe.net.options or recipe.train.epochs or recipe.train.steps
    most = (count - 1) if count else (0 if chosen else len(VARIATIONS.get(choices.net, ())))
    for variation in VARIATIONS.get(choices.net, ())[:most]:
        options = {**choices.net_options, **variation["net_options"]}
        yield choices.with_(**{**variation, "net_options": options})
