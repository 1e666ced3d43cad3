"""The verdict: whether the network was worth it, said so that a newcomer understands it.

Legend of shapes: N = rows, R = resamples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from glia.core.finding import shown
from glia.core.values import Answer
from glia.judge.intervals import bootstrap, resampled
from glia.judge.scores import aligned, hangs_on, placed
from glia.judge.yardsticks import Yard
from glia.metrics import metrics

__all__ = ["Verdict", "verdict"]


@dataclass(frozen=True)
class Verdict:
    """Network against the best yardstick.

    Args:
        winner: ``"network"``, the name of the yardstick, or ``"cannot tell"``.
        yardstick: The yardstick that was best on validation.
        metric: The metric compared.
        difference: Network minus yardstick on the test rows, turned so that positive means the network is
            better.
        low: Lower end of the 95 % interval of the difference.
        high: Upper end of the 95 % interval of the difference.
        text: All that in words, with what to do.
    """

    winner: str
    yardstick: str
    metric: str
    difference: float
    low: float
    high: float
    text: str

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as the JSON object printed under ``verdict``."""
        return dict(vars(self))


def verdict(
    metric: str,
    net: Answer,
    yards: Mapping[str, Yard],
    truth_valid: np.ndarray,
    truth_test: np.ndarray,
    *,
    units: np.ndarray | None = None,
    seed: int = 0,
    seconds: float | None = None,
) -> Verdict:
    """Return the verdict of a paired bootstrap on the test units.

    The yardstick is chosen on validation: choosing it on test would compare the network with the luckiest of
    four. Network and yardstick are resampled together, so that rows hard for both cancel.

    Args:
        metric: The metric to compare by.
        net: The network's answer to the test rows.
        yards: What was measured, by name.
        truth_valid: Truth of the validation rows, as :func:`glia.judge.scores.score` takes it.
        truth_test: Truth of the test rows.
        units: (N,) the unit of each test row; ``None`` = every row is its own.
        seed: The seed of the run.
        seconds: How long the network trained; ``None`` = longer than any yardstick.

    Example:
        >>> truth = np.arange(200) % 2
        >>> good, poor = Answer(label=truth), Answer(label=np.zeros(200, int))
        >>> yards = {"constant": Yard("constant", poor, poor, 200, 0.0)}
        >>> print(verdict("accuracy", good, yards, truth, truth).text)
        the network is better than constant by 0.500 (0.435 to 0.570) in accuracy
    """
    part = metrics.get(metric)()
    sign = 1.0 if part.higher else -1.0

    def on_validation(yard: Yard) -> float:
        value = sign * float(part.value(part.stats(yard.valid, aligned(yard.valid, truth_valid)))[0])
        return value if np.isfinite(value) else -np.inf

    # Yards stand in order of cost, and max keeps the first of equals: the cheaper one.
    yard = max(yards.values(), key=on_validation)
    truth = aligned(net, truth_test)
    ours, theirs = part.stats(net, truth), part.stats(yard.test, truth)

    def difference(counts: np.ndarray | None) -> np.ndarray:
        return sign * (part.value(ours, counts) - part.value(theirs, counts))

    places = placed(units, len(truth))
    drawn = np.concatenate([difference(counts) for counts in resampled(places, seed)])
    value = float(difference(None)[0])
    few = min(hangs_on(net, truth), int(places.max()) + 1)
    # Plain percentiles: corrected intervals called 15 % of equal, nearly perfect pairs of models different.
    low, high = bootstrap(value, drawn, few)
    winner = "network" if low > 0 else yard.name if high < 0 else "cannot tell"
    cheaper = seconds is None or yard.seconds < seconds
    text = _words(winner, yard, metric, (value, low, high), cheaper)
    return Verdict(winner, yard.name, metric, value, low, high, text)


def _words(winner: str, yard: Yard, metric: str, numbers: tuple[float, float, float], cheaper: bool) -> str:
    """Return the verdict as a sentence."""
    name, what = yard.title or yard.name, metric.replace("_", " ")
    value, low, high = numbers
    ends = f"{shown(value)} ({shown(low)} to {shown(high)})"
    if winner == "network":
        return f"the network is better than {name} by {ends} in {what}"
    advice = f"; use that: {name}" + (f", {yard.how}" if yard.how else "") if yard.name != "constant" else ""
    if winner == yard.name:
        apart = f"{shown(-value)} ({shown(-high)} to {shown(-low)})"
        said = f"the network is worse than {name} by {apart} in {what}"
    else:
        said = (
            f"cannot tell the network from {name}: it differs by {ends} in {what}, "
            "where positive would mean that the network is better"
        )
        advice = advice if cheaper else ""
    if yard.name == "constant":
        advice = "; neither the network nor any simpler model has found more than the commonest answer"
    return said + advice
