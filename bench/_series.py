"""Works on series that are more than one command: rolling backtests, and alarms by the rule of a benchmark."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench._works import command, data

__all__ = ["alarms", "nab_of", "rested", "rolling"]

_FIRST, _MOST = 0.15, 750
"""The rows of a file that teach: the probationary period of the benchmark (Lavin & Ahmad 2015)."""


def rolling(home: Path, source: Path, origins: Sequence[int], block: int, *words: str) -> dict[str, Any]:
    """Fit to the rows before each origin, forecast the block behind it, and return mean errors and coverage."""
    with source.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    cells = []
    for origin in origins:
        here = home / str(origin)
        here.mkdir()
        for name, part in (("train", rows[:origin]), ("test", rows[origin : origin + block])):
            with (here / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([head, *part])
        given: list[str | Path] = ["--task", "forecast", "--test", here / "test.csv", "--out", here / "run", "--json"]
        done = command(sys.executable, "-m", "glia", "fit", here / "train.csv", *given, *words)
        result = json.loads(done["out"])
        naive = next(name for name in ("seasonal_naive", "last_value") if name in result["yardsticks"])
        scores, theirs = result["scores"]["test"], result["yardsticks"][naive]
        found = {name: scores[name]["value"] for name in ("mae", "coverage")}
        cells.append({"origin": origin, "windows": scores["mae"]["n"], "naive": theirs["mae"]["value"], **found})
        cells[-1] |= {"yardstick": naive, "seconds": done["seconds"]}
    weight = np.array([cell["windows"] for cell in cells], np.float64)
    ours, theirs, held = (
        float(np.average([cell[name] for cell in cells], weights=weight)) for name in ("mae", "naive", "coverage")
    )
    value = f"MAE {ours:.3f} against {theirs:.3f} of {cells[0]['yardstick'].replace('_', ' ')}, coverage {held:.1%}"
    return {"value": value, "seconds": sum(cell["seconds"] for cell in cells), "coverage": held, "cells": cells}


def rested(score: np.ndarray, rest: int) -> np.ndarray:
    """Return scores of which an alarm is raised once: what is no stranger than a row shortly before it counts nothing.

    Example:
        >>> rested(np.array([1.0, 3.0, 2.0, 0.5, 0.4]), 2).tolist()
        [1.0, 3.0, 0.0, 0.0, 0.4]
    """
    before = np.concatenate([np.full(rest, -np.inf), score])
    most = np.lib.stride_tricks.sliding_window_view(before[:-1], rest).max(1)
    return np.where(score > most, score, 0.0)


def nab_of(series: Sequence[tuple[np.ndarray, np.ndarray]], threshold: float) -> float:
    """Return the benchmark's score, up to 100, of (score, inside) of some files at one threshold."""
    from glia.metrics._nab import contributions

    worth, windows = (
        sum(parts)
        for parts in zip(
            *((one.sum() for one in contributions(score, inside, threshold)) for score, inside in series), strict=True
        )
    )
    return float(50 * (worth + windows) / windows)


def alarms(home: Path, budget: str = "8s") -> dict[str, Any]:
    """NAB's known causes: each file's probationary rows teach, the rest is watched; one threshold for all."""
    from glia.metrics._nab import swept

    kept: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"glia": [], "z_score": []}
    seconds, folder = 0.0, data("nab-known-cause")
    for name, spans in sorted(json.loads((folder / "combined_windows.json").read_text()).items()):
        if not name.startswith("realKnownCause"):
            continue
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))[1:]
        first = min(int(_FIRST * len(rows)), _MOST)
        when = np.array([row[0] for row in rows], "datetime64[us]")
        value = np.array([float(row[1]) for row in rows])
        inside = np.zeros(len(rows), bool)
        for low, high in spans:
            inside |= (when >= np.datetime64(low)) & (when <= np.datetime64(high))
        stem = Path(name).stem
        given = ("--task", "anomaly", "--time", "timestamp", "--budget", budget, "--out", home / stem, "--json")
        split = f"{round(0.7 * first)},{first - round(0.7 * first)},{len(rows) - first}"
        seconds += command(sys.executable, "-m", "glia", "fit", folder / name, "--split", split, *given)["seconds"]
        answers = home / f"{stem}.csv"
        command(sys.executable, "-m", "glia", "predict", home / stem / "bundle", folder / name, "--out", answers)
        with answers.open(encoding="utf-8", newline="") as file:
            ours = np.array([float(row["score"]) for row in csv.DictReader(file)])
        for who, score in (("glia", ours), ("z_score", _off(value, 48))):
            usual = max(float(score[48:first].max()), 1e-9)  # the strangest row of those that taught
            kept[who].append((rested(score / usual, 48)[first:], inside[first:]))
    cells = {who: {"probation": nab_of(found, 1.0), "best": swept(found)[0]} for who, found in kept.items()}
    text, best = (
        f"{cells['glia'][at]:.1f} against {cells['z_score'][at]:.1f} of the z-score" for at in ("probation", "best")
    )
    return {"value": f"{text} (at the best threshold {best})", "seconds": seconds, "cells": cells}


def _off(value: np.ndarray, lookback: int) -> np.ndarray:
    """Return how many standard deviations each value lies off those before it."""
    padded = np.concatenate([np.full(lookback, value[0]), value])
    before = np.lib.stride_tricks.sliding_window_view(padded, lookback)[:-1]
    return np.asarray(np.abs(value - before.mean(1)) / np.maximum(before.std(1), 0.01 * value[:_MOST].std() + 1e-12))
