"""Which steps an objective can be trained with."""

from __future__ import annotations

from glia.core.errors import UsageError
from glia.core.parts import Objective, Step

__all__ = ["refuse_coupled"]


def refuse_coupled(step: Step, objective: Objective) -> None:
    """Refuse a step that takes batches apart for an objective whose rows need one another.

    Args:
        step: A step; one that takes batches apart says ``splits = True``.
        objective: An objective; one that cannot be split says ``couples = "batch"``.

    Raises:
        UsageError: The two do not go together.

    Example:
        >>> from types import SimpleNamespace
        >>> refuse_coupled(SimpleNamespace(splits=True), SimpleNamespace(couples="row"))
    """
    if objective.couples == "batch" and getattr(step, "splits", False):
        raise UsageError(
            "batch_coupled",
            f"{type(objective).__name__} compares the rows of a batch with one another, so splitting it "
            "into micro-batches would change the loss",
            remedy="leave micro_batch out, or use a smaller batch_size",
        )
