"""glia and its peers on tables: ``python -m bench.tables [--seeds 1] [--sets adult,…] [--models glia,…]``.

Every cell (set, model, seed, version) is kept in ``bench/cache`` and measured once; the whole table, and only
the whole, is written to ``bench/results/tables.json``, from which ``python -m bench.docs`` fills the docs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from bench import _facts
from bench._data import CACHE, ROOT, SETS, Prepared, prepare
from bench._models import MODELS, Job, Model
from bench._render import tables
from bench._scores import scores

RESULTS = ROOT / "bench" / "results" / "tables.json"

# With so many cores taken by other processes, seconds, and what a budget reaches, are not worth quoting.
BUSY = 0.2


def say(text: str) -> None:
    """Tell the person at the terminal; standard output is kept for the table."""
    print(text, file=sys.stderr, flush=True)


def listed(known: dict[str, Any]) -> Any:
    """Return a reader of comma-separated names out of some."""

    def names(text: str) -> list[str]:
        wanted = text.split(",")
        if unknown := [name for name in wanted if name not in known]:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        return [name for name in known if name in wanted]

    return names


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.tables", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=1, help="how many; 5 for what is quoted")
    parser.add_argument("--sets", type=listed(SETS), default=list(SETS), help=",".join(SETS))
    parser.add_argument("--models", type=listed(MODELS), default=list(MODELS), help=",".join(MODELS))
    parser.add_argument("--budget", default="60s", help="what glia is given")
    parser.add_argument("--clock", type=float, default=600, help="seconds beyond which a peer is marked")
    parser.add_argument("--redo", action="store_true", help="measure again what is kept")
    parser.add_argument("--out", type=Path, help="write the document here, even a part of it")
    return parser.parse_args(words)


def measured(model: Model, job: Job, version: str) -> dict[str, Any]:
    """Run one fit and return its cell; a failure is a cell with an ``error``."""
    shutil.rmtree(job.home, ignore_errors=True)
    job.home.mkdir(parents=True)
    process, extra = model.run(job)
    cell: dict[str, Any] = {"set": job.one.name, "model": model.name, "seed": job.seed, "version": version}
    cell |= {"digest": job.data.digest}
    if process.error:
        return cell | {"error": process.error}
    cell["scores"] = scores(job.predictions, job.data.test, job.one.target, job.one.task)
    cell |= {"seconds": round(process.seconds, 2), "cpu_seconds": round(process.cpu_seconds, 2)}
    cell |= {"memory_mb": round(process.memory_mb), "others": process.others and round(process.others, 2)}
    return cell | extra


def cell(model: Model, name: str, seed: int, data: Prepared, chosen: argparse.Namespace) -> dict[str, Any]:
    """Return a cell from the cache, or measure it and keep it there (failures are not kept)."""
    version = model.version(chosen.budget)
    stem = f"{name}-{seed}-{model.name}-{version}".replace(" ", "-")
    kept = CACHE / "cells" / f"{stem}.json"
    if kept.exists() and not chosen.redo:
        found = json.loads(kept.read_text(encoding="utf-8"))
        if found["digest"] == data.digest:
            return found
    found = measured(model, Job(SETS[name], data, seed, chosen.budget, CACHE / "runs" / stem), version)
    if "error" not in found:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def told(found: dict[str, Any], metric: str) -> str:
    """Return one line about a cell."""
    where = f"{found['set']:20}{found['seed']:2}  {found['model']:12}"
    if "error" in found:
        return f"{where} failed: {found['error'].strip().splitlines()[-1]}"
    line = f"{where} {metric} {found['scores'][metric]:.4f} {found['seconds']:7.1f} s {found['memory_mb']:6} MB"
    if (found["others"] or 0) > BUSY:
        line += f"  BUSY: others took {found['others']:.1f} cores"
    claimed = found.get("claimed", {}).get(metric, found["scores"][metric])
    # What is reported and what its predictions score must be the same number.
    return line + (f"  CLAIMED {claimed:.4f}" if abs(claimed - found["scores"][metric]) > 1e-6 else "")


def document(chosen: argparse.Namespace) -> dict[str, Any]:
    """Measure all that is chosen and not yet kept, and return the results document."""
    machine = _facts.facts()
    if warning := _facts.busy(machine):
        say(warning)
    cells: list[dict[str, Any]] = []
    about: dict[str, dict[str, Any]] = {}
    for name in chosen.sets:
        one = SETS[name]
        for seed in range(chosen.seeds):
            data = prepare(one, seed)
            about[name] = {"task": one.task, "metric": one.metric, "split": one.split}
            about[name] |= {"rows": data.rows, "columns": data.columns}
            for model in chosen.models:
                found = cell(MODELS[model], name, seed, data, chosen)
                say(told(found, one.metric))
                if "error" not in found:
                    cells.append(found | {"over": model != "glia" and found["seconds"] > chosen.clock})
    models = {
        name: {"family": (m := MODELS[name]).family, "label": m.label, "version": m.version(chosen.budget)}
        for name in chosen.models
    }
    conditions = {"facts": machine, "budget": chosen.budget, "clock": chosen.clock}
    return {**conditions, "seeds": list(range(chosen.seeds)), "sets": about, "models": models, "cells": cells}


def main(words: list[str] | None = None) -> None:
    """Measure, print the table, and write it when it is whole."""
    chosen = arguments(words)
    try:
        found = document(chosen)
    except FileNotFoundError as error:
        sys.exit(str(error))
    print(tables(found))
    whole = len(found["cells"]) == len(SETS) * len(MODELS) * chosen.seeds
    if path := chosen.out or (RESULTS if whole else None):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        say(f"written to {path}")
    else:
        say("a part of the table: nothing is written (--out FILE writes it)")


if __name__ == "__main__":
    main()
