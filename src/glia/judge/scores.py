"""Scores: every metric with its 95 % interval, and the tables behind them.

Legend of shapes: N = rows, K = classes, T = targets or labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from glia.core.errors import UsageError
from glia.core.finding import Score
from glia.core.parts import Metric
from glia.core.values import Answer
from glia.judge.intervals import bootstrap, effective, jackknifed, resampled, wilson
from glia.metrics import metrics
from glia.objectives import objectives

__all__ = ["confusion", "fitting", "main_metric", "per_class", "reliability", "score"]

# Metrics that are a share of independent rows, and which summed statistic they are a share of.
_SHARE_OF = {"accuracy": 1, "precision": 1, "recall": 2}


def fitting(objective: str) -> tuple[str, ...]:
    """Return the metrics that fit an objective, the ones people ask for first in front.

    Example:
        >>> fitting("regress")
        ('rmse', 'mae', 'r2', 'median_error')
    """
    found: tuple[str, ...] = objectives.get(objective).metrics
    return found


def main_metric(objective: str, imbalanced: bool = False) -> str:
    """Return the metric that choices and the verdict go by.

    Accuracy says little when one class is rare: never naming it looks good. The area under the ROC curve is
    used then, because it needs no threshold, so that network and yardsticks are compared by what they know
    and not by where each happens to cut, and because it is the same whichever of two classes is called
    positive (average precision is not, and codes follow the alphabet).

    Example:
        >>> main_metric("classify"), main_metric("classify", imbalanced=True), main_metric("regress")
        ('accuracy', 'roc_auc', 'rmse')
    """
    names = fitting(objective)
    return "roc_auc" if imbalanced and "roc_auc" in names else next(iter(names), "")


def score(
    names: Iterable[str], answer: Answer, truth: np.ndarray, *, units: np.ndarray | None = None, seed: int = 0
) -> dict[str, Score]:
    """Return metrics with their 95 % intervals.

    Shares of independent rows (accuracy; precision and recall of two classes) get Wilson's interval, everything else a
    bias-corrected and accelerated bootstrap of 1000 resamples, widened for small samples. Measured coverage for 200
    rows and more lies between 93 and 97 % (1000 simulations each), with these exceptions:

    - ``calibration_error`` below 1000 rows: too wide, up to 99 %.
    - ``rmse``, ``mae`` and ``r2`` under errors with heavy tails, where the rare large error is not in the sample: 91 to
      94 % for Student's t with 5 degrees, 86 to 92 % for log-normal errors (91 to 95 % at 1000 rows).
    - Nearly perfect rankings: 85 % for an area of 0.998 at 300 rows, but 95 % for 0.983.
    - Metrics of a class with fewer than about 20 rows: 93 % for ``f1``.

    Args:
        names: Names of metrics.
        answer: What was answered to N rows.
        truth: (N,) or (N, 1) class codes, (N, T) 0/1 of independent labels, or (N, T) numbers in the answer's
            units.
        units: (N,) anything that rows of one unit share, such as a customer; ``None`` = every row is its own. Where
            there is one unit alone, intervals say how other rows of it would score, and nothing of other units.
        seed: The seed of the run.

    Raises:
        UsageError: A metric that does not exist or needs what the answer does not hold.

    Example:
        >>> answer = Answer(label=np.array([0, 1] * 50))
        >>> print(score(["accuracy"], answer, np.array([0, 1] * 45 + [1, 1] * 5))["accuracy"])
        0.950 (0.888 to 0.978, n = 100)
    """
    truth = aligned(answer, truth)
    parts = {name: _metric(name, answer) for name in names}
    stats = {name: metric.stats(answer, truth) for name, metric in parts.items()}
    places = placed(units, len(truth))
    shares = {} if units is not None or truth.ndim == 2 else _shares(stats)
    rest = [name for name in parts if name not in shares]
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in rest}
    for counts in resampled(places, seed) if rest else ():
        for name in rest:
            drawn[name].append(parts[name].value(stats[name], counts))
    left_out = jackknifed(places, seed) if rest else None
    n = int(places.max()) + 1
    few = min(hangs_on(answer, truth), n)
    found = {}
    for name, metric in parts.items():
        value = float(metric.value(stats[name])[0])
        if name in shares:
            found[name] = Score(value, *wilson(*shares[name]), n, "wilson")
        else:
            ends = bootstrap(value, np.concatenate(drawn[name]), few, metric.value(stats[name], left_out))
            found[name] = _score(value, ends, n, few if metric.higher and metric.needs != "point" else 0.0)
    return found


def _score(value: float, ends: tuple[float, float], n: int, few: float) -> Score:
    """Return a bootstrapped score; a perfect one never varies in resamples and gets Wilson's lower end."""
    if few and value == 1.0 and ends[0] == 1.0:
        return Score(value, wilson(few, few)[0], 1.0, n, "wilson")
    return Score(value, *ends, n, "bootstrap")


def aligned(answer: Answer, truth: np.ndarray) -> np.ndarray:
    """Return truth in the shape metrics expect for this kind of answer; codes lose an axis of one."""
    truth = np.asarray(truth)
    if answer.point is not None:
        return truth.reshape(len(truth), -1) if answer.point.ndim == 2 else truth
    labels = answer.label if answer.label is not None else answer.probability
    if labels is None:
        return truth
    classes = answer.label is not None and answer.label.ndim == 1
    if classes or (labels is not None and truth.shape != labels.shape):
        return truth.reshape(-1).astype(np.int64)
    return truth.astype(np.int64)


def placed(units: np.ndarray | None, n: int) -> np.ndarray:
    """Return the number of each row's unit, from 0; rows of the only unit are units, as one never varies."""
    places = np.arange(n) if units is None else np.unique(np.asarray(units), return_inverse=True)[1].reshape(-1)
    return places if places.any() else np.arange(n)


def hangs_on(answer: Answer, truth: np.ndarray) -> float:
    """Return how many rows the scores hang on: fewer than there are when a class is rare."""
    codes = answer.probability is not None or (answer.label is not None and answer.label.ndim == 1)
    if answer.point is not None or not codes:
        return float(len(truth))
    columns = [truth] if truth.ndim == 1 else list(truth.T)
    return min(effective(np.bincount(column)) for column in columns)


def _metric(name: str, answer: Answer) -> Metric:
    metric: Metric = metrics.get(name)()
    if getattr(answer, metric.needs) is None:
        known = [one for one in metrics.names() if getattr(answer, metrics.get(one).needs) is not None]
        raise UsageError(
            "metric_unfit",
            f"the metric {name!r} needs a {metric.needs} for each row, and the answer holds none",
            remedy=f"choose one of {', '.join(known)}",
        )
    return metric


def _shares(stats: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Return hits and trials of the metrics that are shares of rows, not means of shares over classes."""
    shares = {}
    for name, place in _SHARE_OF.items():
        if name in stats and stats[name].shape[1] <= 3:
            sums = np.asarray(stats[name].sum(0)).reshape(-1)
            if sums[place] > 0:
                shares[name] = (float(sums[0]), float(sums[place]))
    return shares


def per_class(answer: Answer, truth: np.ndarray, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Return precision, recall and F1 of each class or independent label, with intervals, as JSON values.

    Args:
        answer: What was answered to N rows.
        truth: (N,) or (N, 1) class codes, or (N, T) 0/1.
        classes: The names of the K classes or T labels.

    Example:
        >>> table = per_class(Answer(label=np.array([0, 1, 1])), np.array([0, 1, 0]), ["no", "yes"])
        >>> table[1]["class"], table[1]["precision"]["value"], table[1]["n"]
        ('yes', 0.5, 1)
    """
    truth = aligned(answer, truth)
    label = np.asarray(answer.label)
    table = []
    for k, name in enumerate(classes):
        said, true = (label[:, k] > 0, truth[:, k] > 0) if label.ndim == 2 else (label == k, truth == k)
        right, told, real = int((said & true).sum()), int(said.sum()), int(true.sum())
        f1 = 2 * right / (told + real) if told + real else None
        row: dict[str, Any] = {"class": str(name), "n": real, "predicted": told, "f1": f1}
        table.append(row | {"precision": _share(right, told), "recall": _share(right, real)})
    return table


def _share(hits: int, n: int) -> dict[str, Any]:
    """Return a share with its interval as JSON values; of nothing, nothing is known."""
    low, high = wilson(hits, n) if n else (None, None)
    return {"value": hits / n if n else None, "low": low, "high": high, "n": n}


def confusion(answer: Answer, truth: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """Return how often each class (row) was called what (column), as JSON values.

    Example:
        >>> confusion(Answer(label=np.array([0, 1, 1])), np.array([0, 1, 0]), ["no", "yes"])["counts"]
        [[1, 1], [0, 1]]
    """
    width = len(classes)
    pairs = aligned(answer, truth) * width + np.asarray(answer.label)
    counts = np.bincount(pairs, minlength=width * width).reshape(width, width)
    return {"classes": [str(name) for name in classes], "counts": counts.tolist()}


def reliability(answer: Answer, truth: np.ndarray, bins: int = 10) -> dict[str, list[Any]]:
    """Return how often answers given with some confidence are right, for a calibration plot, as JSON values.

    Two classes use the probability of class 1, more the probability of the most probable one, and independent
    labels the probability of each. Bins hold equally many rows, so that each has something to say.

    Returns:
        ``stated`` (mean probability), ``seen`` (share that happened) with ``low`` and ``high``, and ``n``,
        per bin.

    Example:
        >>> sure = Answer(probability=np.tile([0.2, 0.8], (10, 1)), label=np.ones(10, int))
        >>> bins = reliability(sure, np.array([1] * 7 + [0] * 3))
        >>> bins["n"], bins["seen"]
        ([10], [0.7])
    """
    truth = aligned(answer, truth)
    p = np.asarray(answer.probability, np.float64)
    if truth.ndim == 2:
        stated, right = p.reshape(-1), truth.reshape(-1) > 0
    elif p.shape[1] == 2:
        stated, right = p[:, 1], truth == 1
    else:
        stated, right = p.max(1), p.argmax(1) == truth
    cuts = np.unique(np.quantile(stated, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(cuts, stated, side="left")
    found: dict[str, list[Any]] = {"stated": [], "seen": [], "low": [], "high": [], "n": []}
    for k in np.unique(place):
        here = place == k
        share = _share(int(right[here].sum()), int(here.sum()))
        for name, value in zip(found, [float(stated[here].mean()), *share.values()]):
            found[name].append(value)
    return found
