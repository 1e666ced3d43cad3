"""glia and its peers on speed: ``python -m bench.speed [--repeats 5] [--workloads tiny,…] [--peers glia,…] [--quick]``.

Every peer trains the same network on the same rows with the same batch size for the same number of passes, in a process
of its own, one after the other in turns, so that a machine that grows slower does so for all. Each run is kept in
``bench/cache/speed`` and measured once (``--redo`` measures again); the document goes to ``bench/results/speed.json``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import statistics
import sys
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from bench import _facts
from bench._run import measure
from bench.peers.speed_data import CACHE, ROOT, WORKLOADS, made
from bench.peers.speed_run import PEERS

RESULTS = ROOT / "bench" / "results" / "speed.json"
VENV = ROOT / ".venvs" / "peers"
HIGHER = ("lightning", "keras-jax", "keras-torch", "fastai", "skorch", "sklearn")
PERCEPTRONS = ("tiny", "mnist", "adult")
TIMES = {"process": "process_seconds", "step": "step_seconds"}


def say(text: str) -> None:
    """Tell the person at the terminal; standard output is kept for the table."""
    print(text, file=sys.stderr, flush=True)


def names(known: Sequence[str]) -> Any:
    """Return a reader of comma-separated names out of some."""

    def read(text: str) -> list[str]:
        wanted = text.split(",")
        if unknown := [name for name in wanted if name not in known]:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        return [name for name in known if name in wanted]

    return read


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=5, help="runs of each cell; 5 for what is quoted")
    parser.add_argument("--workloads", type=names(list(WORKLOADS)), default=list(WORKLOADS), help=",".join(WORKLOADS))
    parser.add_argument("--peers", type=names(list(PEERS)), default=list(PEERS), help=",".join(PEERS))
    parser.add_argument("--quick", action="store_true", help="few rows, two passes: does everything run?")
    parser.add_argument("--redo", action="store_true", help="measure again what is kept")
    parser.add_argument("--out", type=Path, help="write the document here")
    return parser.parse_args(words)


def fits(peer: str, workload: str) -> bool:
    """Return whether a peer has such a network at all."""
    return peer != "sklearn" or workload in PERCEPTRONS


def version(peer: str) -> str:
    """Return what decides a peer's speed, so that a changed source or package is measured anew."""
    files = [
        ROOT / "bench" / "peers" / f"{PEERS[peer].partition(':')[0]}.py",
        *(ROOT / "bench" / "peers").glob("speed_[dn]*.py"),
    ]
    if peer == "glia":
        files += [
            *(ROOT / "src" / "glia" / "train").rglob("*.py"),
            *(ROOT / "src" / "glia" / "nets" / "blocks").glob("*fused*"),
        ]
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(files)))
    folders = [str(path) for path in (ROOT / ".venv" if peer == "glia" else VENV).glob("lib/python*/site-packages")]
    wanted = {"torch", "keras", "jax", "fastai", "skorch", "lightning", "scikit-learn"}
    found = sorted(
        {
            f"{one.metadata['Name']} {one.version}"
            for one in distributions(path=folders)
            if one.metadata["Name"].lower() in wanted
        }
    )
    digest.update("\n".join(found).encode())
    return digest.hexdigest()[:8]


def measured(peer: str, workload: str, turn: int, *, quick: bool, redo: bool) -> dict[str, Any]:
    """Return one run, measured now or before; a failure is a cell with an ``error``."""
    kept = CACHE / "cells" / f"{workload}-{peer}-{version(peer)}-{'quick-' if quick else ''}{turn}.json"
    if kept.is_file() and not redo:
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    python = Path(sys.executable) if peer == "glia" else VENV / "bin" / "python"
    command = [str(python), "-m", "bench.peers.speed_run", peer, workload, *(["--quick"] if quick else [])]
    done = measure(command, ROOT)
    cell: dict[str, Any] = {"process_seconds": done.seconds, "memory_mb": done.memory_mb, "others": done.others}
    try:
        cell |= json.loads(done.output.strip().splitlines()[-1])
        # What training takes once it runs: glia's search for a plan is in fit_seconds and process_seconds only.
        cell["step_seconds"] = cell.get("loop_seconds", cell["fit_seconds"]) / cell["steps"]
    except (ValueError, IndexError, KeyError):
        cell["error"] = done.error or "no result"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(cell), encoding="utf-8")
    return cell


def ratio(slow: Sequence[float], fast: Sequence[float]) -> dict[str, float]:
    """Return how many times faster the second is, by medians, with a 90 % interval over resampled runs.

    Example:
        >>> ratio([2.0, 2.0], [1.0, 1.0])["value"]
        2.0
    """
    chance = random.Random(0)
    draws = sorted(
        statistics.median(chance.choices(slow, k=len(slow))) / statistics.median(chance.choices(fast, k=len(fast)))
        for _ in range(2000)
    )
    return {
        "value": statistics.median(slow) / statistics.median(fast),
        "low": draws[int(0.05 * len(draws))],
        "high": draws[int(0.95 * len(draws))],
    }


def mean_of(values: Sequence[float]) -> float | None:
    """Return the geometric mean; ``None`` of nothing.

    Example:
        >>> mean_of([2.0, 8.0])
        4.0
    """
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def summary(runs: dict[str, dict[str, list[dict[str, Any]]]]) -> dict[str, Any]:
    """Return medians, ratios to glia with intervals, and their geometric means."""
    table: dict[str, Any] = {}
    for workload, peers in runs.items():
        table[workload] = {"label": WORKLOADS[workload].label, "peers": {}}
        own = [cell for cell in peers.get("glia", []) if "error" not in cell]
        for peer, cells in peers.items():
            good = [cell for cell in cells if "error" not in cell]
            if not good:
                table[workload]["peers"][peer] = {"error": cells[-1]["error"][-300:] if cells else "not run"}
                continue
            row = {
                name: statistics.median(cell[name] for cell in good)
                for name in (*TIMES.values(), "memory_mb", "accuracy")
            }
            row |= {
                name: good[-1][name]
                for name in ("plan", "plan_seconds", "gflops", "roofline", "bottleneck")
                if name in good[-1]
            }
            if own and peer != "glia":
                row["ratio"] = {
                    name: ratio([cell[key] for cell in good], [cell[key] for cell in own])
                    for name, key in TIMES.items()
                }
            table[workload]["peers"][peer] = row
    return {"workloads": table, "means": _means(table)}


def _means(table: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in TIMES:
        by_peer = {
            peer: [
                row["peers"][peer]["ratio"][name]["value"]
                for row in table.values()
                if "ratio" in row["peers"].get(peer, {})
            ]
            for peer in PEERS
            if peer != "glia"
        }
        found[name] = {peer: mean_of(values) for peer, values in by_peer.items()}
        found[name]["higher"] = mean_of([value for peer in HIGHER for value in by_peer[peer]])
    return found


def shown(document: dict[str, Any]) -> str:
    """Return the document as a table for people."""
    lines = []
    for row in document["workloads"].values():
        lines.append(f"\n{row['label']}")
        for peer, one in row["peers"].items():
            if "error" in one:
                lines.append(f"  {peer:12s} failed: {one['error'].splitlines()[-1][:90]}")
                continue
            said = f"{one['step_seconds'] * 1e3:9.3f} ms a step {one['process_seconds']:7.1f} s in all"
            said += f" {one['memory_mb']:6.0f} MB  accuracy {one['accuracy']:.3f}"
            for name, each in one.get("ratio", {}).items():
                said += f"  {name} x{each['value']:.2f} [{each['low']:.2f}, {each['high']:.2f}]"
            said += f"  {one['roofline']:.0%} of the roofline" if "roofline" in one else ""
            lines.append(f"  {peer:12s} {said}{'  ' + one['plan'] if 'plan' in one else ''}")
    for name, means in document["means"].items():
        told = ", ".join(f"{peer} x{value:.2f}" for peer, value in means.items() if value)
        lines.append(f"\ngeometric mean by {name}: {told}")
    return "\n".join(lines)


def main(words: list[str] | None = None) -> None:
    """Measure, print, write."""
    asked = arguments(words)
    machine = _facts.facts()
    if warning := _facts.busy(machine):
        say(warning)
    for workload in asked.workloads:
        made(workload, asked.quick)
    repeats = 1 if asked.quick else asked.repeats
    runs: dict[str, dict[str, list[dict[str, Any]]]] = {one: {} for one in asked.workloads}
    out = asked.out or (CACHE / "quick.json" if asked.quick else RESULTS)
    for turn in range(repeats):
        for workload in asked.workloads:
            for peer in asked.peers:
                if not fits(peer, workload):
                    continue
                cell = measured(peer, workload, turn, quick=asked.quick, redo=asked.redo)
                runs[workload].setdefault(peer, []).append(cell)
                told = cell.get("error", f"{cell.get('step_seconds', 0) * 1e3:.3f} ms a step")
                say(f"{turn + 1}/{repeats} {workload} {peer}: {told.splitlines()[-1][:100]}")
        document = {"machine": machine, "repeats": turn + 1, "quick": asked.quick, **summary(runs)}
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(shown(document))


if __name__ == "__main__":
    main()
