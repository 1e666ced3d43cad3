"""Labels that look wrong: a model that never saw a row is sure of another answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from glia.core.finding import Finding
from glia.core.values import derived
from glia.table.checks._view import View

__all__ = ["check"]

_FEWEST, _MOST, _FOLDS = 100, 4_000, 3
# Measured on one core: rows * features * classes that three folds of boosted trees do in a second.
_CELLS_PER_SECOND = 400_000
# Where classes merely overlap, errors vanish among the surest answers; where labels are wrong they do not.
_SUREST, _RATE, _RATE_LOW, _FLAT, _SKILL = 0.4, 0.025, 0.01, 0.5, 0.55
# In robust standard deviations: one number that is far off, and a hundredth part of all that is a heavy tail.
_FAR, _TAIL, _FARTHER = 15.0, 8.0, 20.0


def check(view: View) -> list[Finding]:
    """Find signs of wrong labels by out-of-fold disagreement with boosted trees; a suspicion, never more.

    For classes, the two fifths of rows that the model is surest about are looked at: a rate of disagreement
    there of 2.5 % or more, half as high as among all rows, by a model that knows its way otherwise, is
    suspicious. For numbers, single values 15 robust standard deviations from the prediction are. Confident
    disagreement as evidence: Northcutt, Jiang and Chuang, "Confident Learning", JAIR 70 (2021).
    """
    known = np.isfinite(view.answers).all(axis=1) if view.objective == "regress" else np.ones(len(view), bool)
    too_wide = len(view.inputs) * 3 * _FEWEST > _CELLS_PER_SECOND * view.left()
    if known.sum() < _FEWEST or too_wide:
        return []
    inputs, nominal = _inputs(view)
    if not inputs.shape[1]:
        return []
    import sklearn.ensemble  # noqa: F401 - the first import takes a second, which the clock below must see

    generator = np.random.default_rng(derived(view.seed, "label_noise"))
    shuffled = generator.permutation(np.flatnonzero(known))
    found = []
    for target, answer in zip(view.targets, view.answers.T):
        k = 1 if view.objective == "regress" else len(np.unique(answer))
        most = _CELLS_PER_SECOND * 0.8 * view.left() / max(inputs.shape[1] * (1 if k == 2 else k), 1)
        rows = shuffled[: int(min(most, _MOST))]
        if len(rows) < min(_FEWEST * 3, len(shuffled)):
            break
        look = _numbers if view.objective == "regress" else _classes
        found += look(view, target, answer, inputs, nominal, rows)
    return found


def _inputs(view: View) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, F) inputs, NaN where missing, and (F,) which of them are codes without an order."""
    if view.groups is not None:
        names = [name for name in ("number", "dense", "category") if name in view.groups]
        parts = [np.asarray(view.groups[name], np.float64) for name in names]
        flags = [np.full(part.shape[1], name == "category") for name, part in zip(names, parts)]
    else:
        parts, flags = [np.zeros((len(view), 0))], [np.zeros(0, bool)]
        for name in view.inputs:
            kind, (codes, distinct) = view.kind(name), view.factors(name)
            values = view.numbers(name) if kind in ("number", "date") else None
            if values is None and (kind in ("id", "constant") or len(distinct) > 250):
                continue
            column = np.where(codes < 0, np.nan, codes) if values is None else values
            parts.append(column[:, None].astype(np.float64))
            flags.append(np.array([values is None]))
    inputs, nominal = np.concatenate(parts, axis=1), np.concatenate(flags)
    # Boosted trees bin infinities with the largest values and take at most 255 unordered codes.
    inputs = np.clip(inputs, -1e300, 1e300)
    few = np.array([np.nanmax(column, initial=0) < 250 for column in inputs.T], bool)
    return inputs, nominal & few


def _classes(
    view: View, target: str, answer: np.ndarray, inputs: np.ndarray, nominal: np.ndarray, rows: np.ndarray
) -> list[Finding]:
    _, codes, counts = np.unique(answer[rows], return_inverse=True, return_counts=True)
    rows = rows[counts[codes] >= 2 * _FOLDS]
    distinct, codes, counts = np.unique(answer[rows], return_inverse=True, return_counts=True)
    if len(distinct) < 2 or len(rows) < _FEWEST:
        return []
    chance = _out_of_fold(inputs[rows], codes, nominal, view.seed, numeric=False)
    guess = np.argmax(chance, axis=1)
    wrong = guess != codes
    margin = -np.diff(np.sort(chance, axis=1)[:, -2:], axis=1)[:, 0]
    surest = np.argsort(margin, kind="stable")[: int(_SUREST * len(rows))]
    rate, overall = float(wrong[surest].mean()), float(wrong.mean())
    skill = 1 - overall / (1 - counts.max() / len(rows))
    if rate < _RATE or _wilson_low(rate, len(surest)) < _RATE_LOW or rate < _FLAT * overall or skill < _SKILL:
        return []
    suspects = surest[wrong[surest]]
    named = view.objective == "classify" and len(view.classes) > distinct.max()
    label = [view.classes[int(value)] if named else str(int(value)) for value in distinct]
    text = f"about {rate:.1%} of the labels of {target!r} may be wrong: the model disagrees where it is surest"
    evidence = {
        "target": target,
        "rate": round(rate, 4),
        "rate_all": round(overall, 4),
        "rows_tested": len(rows),
        "rows": view.ids(rows[suspects]),
        "given": [label[codes[i]] for i in suspects[:10]],
        "expected": [label[guess[i]] for i in suspects[:10]],
    }
    return [_suspicion(text, evidence)]


def _numbers(
    view: View, target: str, answer: np.ndarray, inputs: np.ndarray, nominal: np.ndarray, rows: np.ndarray
) -> list[Finding]:
    guess = _out_of_fold(inputs[rows], answer[rows], nominal, view.seed, numeric=True)
    error = answer[rows] - guess
    error = error - np.median(error)
    scale = 1.4826 * float(np.median(np.abs(error)))
    tail = float(np.quantile(np.abs(error), 0.99))
    # Where the hundredth part lies far out by nature, only what lies in another order of magnitude is odd.
    far = _FAR * scale if tail <= _TAIL * scale else _FARTHER * tail
    suspects = np.flatnonzero(np.abs(error) > far) if scale > 0 else np.zeros(0, np.int64)
    if not len(suspects):
        return []
    suspects = suspects[np.argsort(-np.abs(error[suspects]), kind="stable")]
    text = f"{len(suspects)} values of {target!r} may be wrong: they lie far from what similar rows have"
    evidence = {
        "target": target,
        "count": len(suspects),
        "rows_tested": len(rows),
        "rows": view.ids(rows[suspects]),
        "given": [float(value) for value in answer[rows[suspects[:10]]]],
        "expected": [round(float(value), 6) for value in guess[suspects[:10]]],
    }
    return [_suspicion(text, evidence)]


def _suspicion(text: str, evidence: dict[str, Any]) -> Finding:
    remedy = "this is a suspicion, found by disagreement out of fold: look at the rows named before changing any"
    return Finding("label_noise", "warning", text, evidence, remedy)


def _out_of_fold(
    inputs: np.ndarray, answer: np.ndarray, nominal: np.ndarray, seed: int, *, numeric: bool
) -> np.ndarray:
    """Return (N,) numbers or (N, K) probabilities of models that did not see the row."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict

    common = {
        "max_iter": 40,
        "learning_rate": 0.15,
        "max_leaf_nodes": 15,
        "min_samples_leaf": 10,
        "early_stopping": False,
        "categorical_features": nominal if nominal.any() else None,
        "random_state": seed % 2**32,
    }
    # Absolute error, so that a single mistake does not bend what is predicted for its neighbors.
    regressor = HistGradientBoostingRegressor(loss="absolute_error", **common)
    model = regressor if numeric else HistGradientBoostingClassifier(**common)
    folds = (KFold if numeric else StratifiedKFold)(_FOLDS, shuffle=True, random_state=seed % 2**32)
    how = "predict" if numeric else "predict_proba"
    return np.asarray(cross_val_predict(model, inputs, answer, cv=folds, method=how))


def _wilson_low(rate: float, n: int) -> float:
    """Return the lower end of the 95 % interval of a rate (Wilson 1927)."""
    z = 1.96
    return (rate + z * z / (2 * n) - z * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))) / (1 + z * z / n)
