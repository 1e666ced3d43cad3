"""Results of runs as reports receive them: a classifier and a regression, made up but complete."""

from __future__ import annotations

import math
import random
from typing import Any

__all__ = ["classified", "regressed"]


def _score(value: float, half: float, n: int = 16281) -> dict[str, Any]:
    return {"value": value, "low": value - half, "high": value + half, "n": n, "how": "bootstrap"}


def _history(steps: int = 6000) -> list[dict[str, Any]]:
    draw = random.Random(0)
    found: list[dict[str, Any]] = []
    for step in range(50, steps + 1, 50):
        share = step / steps
        loss = 0.29 + 0.38 * math.exp(-9 * share) + draw.uniform(-0.006, 0.006)
        valid = 0.30 + 0.34 * math.exp(-10 * share) + 0.012 * share**2 + draw.uniform(-0.002, 0.002)
        found.append(
            {
                "step": step,
                "epoch": round(step / 190, 3),
                "loss": None if step == 2100 else loss,
                "gradient": 0.4,
                "lr": 0.5 * (1 + math.cos(math.pi * share)),
                "valid": {"loss": valid, "log_loss": valid + 0.002, "score": -valid},
            }
        )
    found.append({"step": 3000, "edit": "the gradient was clipped in 40 % of the steps; the rate was halved"})
    return found


def _columns() -> list[dict[str, Any]]:
    kinds = [
        ("age", "number", "input", "73 different whole numbers"),
        ("workclass", "category", "input", "9 different texts in 32,561 rows"),
        ("education", "category", "input", "16 different texts"),
        ("capital-gain", "number", "input", "119 different numbers, most of them 0"),
        ("member_id", "id", "input", "every row has its own value"),
        ("country_code", "constant", "input", "every row says 'US'"),
        ("joined", "date", "input", "all 32,561 values read as dates (day.month.year)"),
        ("income", "category", "target", "this is what is asked for"),
    ]
    return [
        {
            "name": name,
            "kind": kind,
            "role": "left out" if kind in ("id", "constant") else role,
            "reason": reason,
        }
        for name, kind, role, reason in kinds
    ]


def classified() -> dict[str, Any]:
    """Return the arguments of a report on a classifier."""
    yards = {"constant": 0.7637, "linear": 0.8519, "random_forest": 0.8583, "hist_gradient_boosting": 0.8716}
    result = {
        "run": "runs/adult",
        "bundle": "runs/adult/bundle",
        "source": "data/adult.csv",
        "task": "classify",
        "target": ["income"],
        "net": "tabm",
        "parameters": 1_432_098,
        "rows": {"train": 22793, "valid": 4884, "calibration": 4884, "test": 16281},
        "seconds": {"read": 0.8, "plan": 2.1, "train": 38.2, "yardsticks": 13.9, "total": 58.4},
        "plan": {
            "device": "cpu",
            "threads": 2,
            "precision": "fp32",
            "compile": False,
            "best_step": 3900,
            "stopped": "no better validation score for 16 readings",
        },
        "scores": {
            "test": {
                "accuracy": _score(0.8731, 0.0049),
                "balanced_accuracy": _score(0.7991, 0.0079),
                "roc_auc": _score(0.9282, 0.0042),
                "log_loss": _score(0.2761, 0.0089),
                "brier": _score(0.0883, 0.0031),
                "calibration_error": _score(0.0061, 0.0026),
            }
        },
        "yardsticks": {
            name: {
                "accuracy": _score(value, 0.005),
                "roc_auc": _score(min(0.93, value + 0.055), 0.004),
                "log_loss": _score(1.15 - value, 0.009),
                "rows": 22793,
                "seconds": 3.4,
                "note": "",
            }
            for name, value in yards.items()
        },
        "verdict": {
            "winner": "tie",
            "yardstick": "hist_gradient_boosting",
            "metric": "accuracy",
            "difference": 0.0015,
            "low": -0.0012,
            "high": 0.0042,
            "text": "The network and gradient boosting cannot be told apart: accuracy differs by +0.002 "
            "(−0.001 to +0.004) on 16,281 test rows. Gradient boosting trains faster: use that.",
        },
        "split": {"unit": "row", "reason": "stratified by income; 24 exact duplicates kept together"},
        "reasons": {"net": "tabm is the default for tables", "batch size": "256, since 22,793 rows are many"},
        "findings": [
            {
                "code": "duplicates",
                "severity": "note",
                "text": "24 rows occur twice",
                "evidence": {"rows": [12, 804, 1203, 3100, 4004, 5120, 9004, 9010, 11111]},
                "remedy": "they were kept on the same side of the split",
            },
            {
                "code": "imbalance",
                "severity": "warning",
                "text": "24 % of the rows say '>50K'",
                "evidence": {"share": 0.2408},
                "remedy": "batches were stratified and the threshold was tuned on the calibration rows",
            },
        ],
        "test_opened": 3,
        "command": "glia fit data/adult.csv --target income --test data/adult-test.csv --out runs/adult",
        "test_fingerprint": "1c0e77fe2a90",
        "versions": {"glia": "0.1.0", "torch": "2.13.0", "python": "3.11.9"},
        "machine": {"system": "Linux x86-64", "cores": 2},
    }
    bins = [(0.03, 0.02, 6000), (0.12, 0.14, 2600), (0.31, 0.28, 1700), (0.52, 0.5, 1300), (0.71, 0.75, 1200)]
    bins += [(0.88, 0.9, 1500), (0.97, 0.98, 1900)]
    curves = {
        "confusion": {"classes": ["<=50K", ">50K"], "counts": [[11740, 695], [1371, 2475]]},
        "per_class": [
            {"class": "<=50K", "precision": _score(0.895, 0.005), "recall": 0.944, "f1": 0.919, "n": 12435},
            {"class": ">50K", "precision": _score(0.781, 0.01), "recall": 0.644, "f1": 0.706, "n": 3846},
            {"class": "unsure", "precision": 0.5, "recall": 0.25, "f1": 0.333, "n": 12},
        ],
        "reliability": {
            "stated": [a for a, _, _ in bins],
            "seen": [b for _, b, _ in bins],
            "low": [b - 1.2 / math.sqrt(n) for _, b, n in bins],
            "high": [b + 1.2 / math.sqrt(n) for _, b, n in bins],
            "n": [n for _, _, n in bins],
        },
    }
    recipe = {
        "data": {"source": "data/adult.csv", "target": ["income"]},
        "net": {"name": "tabm", "options": {"width": 512, "members": 32}},
        "train": {"optimizer": "adamw", "lr": 0.002, "steps": 6000, "schedule": None},
        "seed": 0,
        "budget": 60.0,
    }
    return {
        "result": result,
        "history": _history(),
        "curves": curves,
        "columns": _columns(),
        "recipe": recipe,
    }


def regressed() -> dict[str, Any]:
    """Return the arguments of a report on a regression that a simpler model wins."""
    draw = random.Random(1)
    whole = classified()
    truth = [draw.lognormvariate(12.1, 0.5) for _ in range(700)]
    predicted = [t * draw.lognormvariate(0, 0.2) for t in truth]
    yards = {"constant": 0.99, "linear": 0.64, "random_forest": 0.5, "hist_gradient_boosting": 0.471}
    result = whole["result"] | {
        "source": "houses.parquet",
        "task": "regress",
        "target": ["median_house_value"],
        "findings": [],
        "scores": {"test": {"rmse": _score(0.498, 0.01, 140), "r2": _score(0.78, 0.02, 140)}},
        "yardsticks": {name: {"rmse": _score(value, 0.01, 140)} for name, value in yards.items()},
        "rows": {"train": 500, "valid": 100, "calibration": 100, "test": 140},
        "verdict": {
            "winner": "hist_gradient_boosting",
            "yardstick": "hist_gradient_boosting",
            "metric": "rmse",
            "difference": -0.027,
            "low": -0.033,
            "high": -0.021,
            "text": "Gradient boosting is better by 0.027 RMSE (0.021 to 0.033) on 140 test rows: use that.",
        },
    }
    curves = {
        "observed": truth,
        "predicted": predicted,
        "low": [0.7 * p for p in predicted],
        "high": [1.4 * p for p in predicted],
    }
    return whole | {"result": result, "curves": curves}
