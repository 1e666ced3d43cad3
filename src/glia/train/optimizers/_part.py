"""What every optimizer on the shelf says about itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import torch
from torch import Tensor

from glia.core.constraints import describe_options

__all__ = ["Groups", "optimizer", "with_gradient"]

Groups = list[dict[str, Any]]
"""Parameter groups: ``"params"`` and, where wanted, ``"lr"`` and ``"weight_decay"``; other keys are kept."""

Maker = TypeVar("Maker", bound=Callable[..., torch.optim.Optimizer])


def optimizer(make: Maker) -> Maker:
    """Mark the maker of an optimizer: ``default_lr`` can be read from it without building one.

    An optimizer may offer two things more, and the loop uses them where it finds them: ``needs_closure =
    True`` (its step evaluates the loss itself, several times), and ``averaged()`` (a context in which the
    parameters hold the averaged weights that should be judged and kept; on leaving it, training's own weights
    are back to the bit).

    Args:
        make: Takes parameter groups and keyword-only options, ``lr`` among them.
    """
    setattr(make, "default_lr", describe_options(make)["lr"][1])  # noqa: B010 - mypy knows no such attribute
    return make


def _alone() -> None:
    """Let optimizers be used without loading torch's compiler, which takes seconds, to be told to leave them alone.

    Where a step is compiled it is by a program of our own, which calls none of these.
    """
    for name in ("add_param_group", "load_state_dict", "state_dict", "zero_grad"):
        plain = getattr(getattr(torch.optim.Optimizer, name), "__wrapped__", None)
        if plain is not None:
            plain.__dynamo_disable = plain  # where torch keeps what its compiler made of it


_alone()


def with_gradient(parameters: Iterable[Tensor]) -> list[Tensor]:
    """Return the parameters that have a gradient; the others stay as they are."""
    return [parameter for parameter in parameters if parameter.grad is not None]
