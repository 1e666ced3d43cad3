"""Works: one command each, run as a person would run it, kept when done and written down with the machine's facts."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import _facts

__all__ = ["Work", "command", "data", "fitted", "main", "rendered"]

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / "bench" / "cache"
RESULTS = ROOT / "bench" / "results"


@dataclass(frozen=True)
class Work:
    """One line of a bench.

    Args:
        name: What it is called.
        target: What was to be reached, in words.
        anchor: What others publish, in words.
        run: Does it and returns ``value`` (a number or words), ``reached`` and whatever else is known.
    """

    name: str
    target: str
    anchor: str
    run: Callable[[], dict[str, Any]]


def data(name: str) -> Path:
    """Return a folder of the data, as ``GLIA_TEST_DATA`` or its usual place has it."""
    home = Path(os.environ.get("GLIA_TEST_DATA", ROOT.parent / "shared" / "data"))
    path = home / name
    if not path.exists():
        raise FileNotFoundError(f"{path}: the data of this work is not here; set GLIA_TEST_DATA")
    return path


def command(*words: str | Path, timeout: float = 3600) -> dict[str, Any]:
    """Run a program; return its output with seconds from process start to end and the most memory it held."""
    began = time.perf_counter()
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode or seconds > timeout:
        raise RuntimeError(f"{' '.join(map(str, words))}: exit code {process.returncode} after {seconds:.0f} s")
    return {"out": out, "seconds": seconds, "memory_mb": usage.ru_maxrss / 1024}


def fitted(out: Path, *words: str | Path, metric: str) -> dict[str, Any]:
    """Run ``glia fit`` or ``glia adapt`` and return the score, its interval, the verdict, seconds and memory."""
    done = command(sys.executable, "-m", "glia", *words, "--out", out, "--json")
    result = json.loads(done["out"])
    score = result["scores"]["test"][metric]
    yards = {name: one[metric]["value"] for name, one in result["yardsticks"].items() if metric in one}
    return {
        "score": score["value"],
        "low": score["low"],
        "high": score["high"],
        "n": score["n"],
        "valid": result["scores"].get("valid", {}).get(metric, {}).get("value"),
        "yardsticks": yards,
        "verdict": (result["verdict"] or {}).get("text", ""),
        "difference": {name: (result["verdict"] or {}).get(name) for name in ("difference", "low", "high")},
        "net": result["net"],
        "steps": result["plan"]["steps"],
        "train_seconds": result["seconds"]["train"],
        "seconds": round(done["seconds"], 2),
        "memory_mb": round(done["memory_mb"]),
        "plan": f"{result['plan']['threads']} threads, {result['plan']['precision']}",
    }


def main(name: str, works: Sequence[Work], words: Sequence[str] | None = None) -> None:
    """Run the works asked for, each kept as soon as it is done, and write what is known to the results."""
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}")
    parser.add_argument("--only", default=",".join(work.name for work in works), help="names, separated by commas")
    parser.add_argument("--redo", action="store_true", help="run again what is kept")
    wish = parser.parse_args(words)
    cells = CACHE / name
    cells.mkdir(parents=True, exist_ok=True)
    for work in works:
        path = cells / f"{work.name}.json"
        if work.name not in wish.only.split(",") or (path.exists() and not wish.redo):
            continue
        machine = _facts.facts()
        print(f"{work.name}: {work.target}; {_facts.busy(machine)}", file=sys.stderr, flush=True)
        try:
            cell = work.run()
        except (RuntimeError, FileNotFoundError) as error:
            print(f"{work.name}: {error}", file=sys.stderr, flush=True)
            continue
        cell = {"target": work.target, "anchor": work.anchor, **cell, "load_before": machine["load"]}
        path.write_text(json.dumps(cell, indent=1) + "\n", encoding="utf-8")
    known = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(cells.glob("*.json"))}
    order = [work.name for work in works if work.name in known]
    RESULTS.mkdir(exist_ok=True)
    document = {"machine": _facts.facts(), "works": {one: known[one] for one in order}}
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(rendered(document))


def rendered(document: dict[str, Any]) -> str:
    """Return a results document as a Markdown table."""
    machine = document["machine"]
    lines = ["| work | reached | target | anchor | seconds |", "| --- | --- | --- | --- | --- |"]
    for name, cell in document["works"].items():
        seconds = cell.get("seconds")
        took = f"{seconds:.1f}" if isinstance(seconds, float) else str(seconds or "")
        lines.append(f"| {name.replace('_', ' ')} | {cell['value']} | {cell['target']} | {cell['anchor']} | {took} |")
    facts = f"{machine['processor']}, {machine['cores']} cores, {', '.join(machine['flags'])}, torch {machine['torch']}"
    return "\n".join(lines) + f"\n\nMeasured on {facts}."
