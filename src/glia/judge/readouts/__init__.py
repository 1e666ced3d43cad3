"""Readouts: how outputs become answers, one file for each kind of answer.

Whatever a readout learns (temperature, threshold, the radius of intervals) it learns on the calibration rows, which
neither training nor the choice of a network has seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from glia.core.shelf import Shelf

if TYPE_CHECKING:
    import numpy as np

    from glia.core.parts import Readout

__all__ = ["calibrate", "readouts", "restored"]

readouts = Shelf("glia.judge.readouts")


def calibrate(
    name: str,
    outputs: np.ndarray,
    truth: np.ndarray,
    *,
    metric: str = "",
    imbalanced: bool = False,
    level: float = 0.9,
) -> Readout:
    """Return a readout that has learned from the calibration rows.

    Args:
        name: Its name on the shelf, as :attr:`glia.core.parts.Objective.readout` says.
        outputs: What the network gives for N rows.
        truth: What would have been right.
        metric: The metric people care about.
        imbalanced: Whether a class is rare.
        level: How often prediction intervals should hold the truth.

    Example:
        >>> import numpy as np
        >>> calibrate("regress", np.zeros((9, 1)), np.arange(9.0)[:, None]).radius
        (8.0,)
    """
    found: Readout = readouts.get(name)()
    found.learn(outputs, truth, metric=metric, imbalanced=imbalanced, level=level)
    return found


def restored(state: Mapping[str, Any]) -> Readout:
    """Return the readout that a document describes: its name as ``readout``, and its state."""
    found: Readout = readouts.get(state["readout"])()
    found.restore(state)
    return found
