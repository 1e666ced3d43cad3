"""Run one peer in this process: ``python -m bench.peers._harness NAME TRAIN TEST TARGET TASK SEED OUT``."""

from __future__ import annotations

import csv
import sys
from importlib import import_module
from pathlib import Path


def main(name: str, train: str, test: str, target: str, task: str, seed: str, out: str) -> None:
    """Fit, predict, and write ``prediction`` and ``probability_<class>`` for every test row, in order."""
    answer = import_module(f"bench.peers.{name}").fit_predict(Path(train), Path(test), target, task, int(seed))
    with Path(out).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if task == "regress":
            writer.writerows([["prediction"], *([repr(float(value))] for value in answer.ravel())])
            return
        with Path(train).open(encoding="utf-8", newline="") as rows:
            classes = sorted({row[target] for row in csv.DictReader(rows)})
        writer.writerow(["prediction", *(f"probability_{label}" for label in classes)])
        writer.writerows([classes[row.argmax()], *map(repr, map(float, row))] for row in answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
