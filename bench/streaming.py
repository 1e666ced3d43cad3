"""A table larger than memory: ``python -m bench.streaming [--gib 2] [--memory 1GiB] [--budget 180 | --steps N]``.

A Parquet file of made rows (sixteen numbers, a category of 1,000 labels, a label with noise) is written, ``glia fit``
is run on it within a stated memory, and while it runs its anonymous resident memory (``RssAnon``, all that is no file)
is read from the kernel twenty times a second. Beside it stands a fit of the same budget on as many rows as the large
fit drew for its sample; both are judged on the same test rows, which neither has seen.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from bench import _facts

RESULTS = Path(__file__).parent / "results" / "streaming.json"
ROW = 129.4  # bytes of a row on disk, about
NUMBERS = 16
# What decides: two interactions, a wave, and an effect of each of 1,000 labels, which few rows cannot tell.
SCORE = "3 * n0 * n1 + sin(5 * n2) + n3 * n4 * 2 + n5 + 1.5 * sin(k * 12.9898) + 1.5 * (random() + random() - 1)"


def main() -> int:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=2.0)
    parser.add_argument("--budget", type=float, default=180.0)
    parser.add_argument("--memory", default="1GiB")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, help="steps of training, instead of a budget: no clock decides then")
    parser.add_argument("--net", default="auto")
    parser.add_argument("--out", type=Path, default=RESULTS)
    words = parser.parse_args()
    machine = _facts.facts()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        table, rows = folder / "table.parquet", int(words.gib * 2**30 / ROW)
        _write(table, rows)
        _write(folder / "test.parquet", 10_000)
        settings = [f"plan.threads={words.threads}", f"net.name={words.net}"]
        settings += [f"train.steps={words.steps}"] if words.steps else []
        large = _fit(table, folder / "large", words.budget, [*settings, f"data.memory={words.memory}"])
        said = next(one for one in large["result"]["findings"] if one["code"] == "streamed")["evidence"]
        few = folder / "few.parquet"
        _write(few, said["sample"])
        small = _fit(few, folder / "few", words.budget, settings)
        result = {
            "rows": rows,
            "file_bytes": table.stat().st_size,
            "memory": words.memory,
            "budget": None if words.steps else words.budget,
            "training_rows": said["training"],
            "sample_rows": said["sample"],
            "shard_bytes": said["bytes"],
            "large": _told(large),
            "sample_only": _told(small),
            "facts": machine,
        }
    words.out.parent.mkdir(parents=True, exist_ok=True)
    words.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({name: one for name, one in result.items() if name != "facts"}, indent=1))
    print(_facts.busy(machine))
    return 0 if result["large"]["anonymous_mb"] <= 1024 else 1


def _write(path: Path, rows: int) -> None:
    numbers = ", ".join(f"2 * random() - 1 AS n{at}" for at in range(NUMBERS))
    made = f"SELECT {numbers}, CAST(floor(1000 * random()) AS INTEGER) AS k FROM range({rows})"
    names = ", ".join(f"n{at}" for at in range(NUMBERS))
    query = f"SELECT {names}, 'k' || k AS kind, CASE WHEN {SCORE} > 0 THEN 'yes' ELSE 'no' END AS sick FROM ({made})"
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def _fit(table: Path, out: Path, budget: float, settings: list[str]) -> dict[str, Any]:
    """Return the result of a fit in a process of its own, and the most anonymous memory that it held."""
    code = "from glia.cli import main; import sys; sys.exit(main())"
    words = ["fit", str(table), "--target", "sick", "--test", str(table.parent / "test.parquet"), "--out", str(out)]
    words += ["--budget", f"{budget}s", "--json", *(word for one in settings for word in ("--set", one))]
    began, peak, resident = time.perf_counter(), 0, 0
    with (out.parent / f"{out.name}.log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-c", code, *words], stdout=log, stderr=log)
        while process.poll() is None:
            now = _memory(process.pid)
            peak, resident = max(peak, now.get("RssAnon", 0)), max(resident, now.get("VmRSS", 0))
            time.sleep(0.05)
    if process.returncode:
        raise SystemExit((out.parent / f"{out.name}.log").read_text()[-3000:])
    result = json.loads((out / "bundle" / "scores.json").read_text())
    return {"result": result, "anonymous": peak, "resident": resident, "seconds": time.perf_counter() - began}


def _memory(process: int) -> dict[str, int]:
    """Return what the kernel says of a process's memory, in kB."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "VmRSS"))}


def _told(fit: dict[str, Any]) -> dict[str, Any]:
    result = fit["result"]
    metric = result["metric"]
    return {
        "metric": metric,
        "test": {name: one["value"] for name, one in result["scores"]["test"].items()},
        "yardsticks": {name: one[metric]["value"] for name, one in result["yardsticks"].items()},
        "anonymous_mb": round(fit["anonymous"] / 1024),
        "resident_mb": round(fit["resident"] / 1024),
        "seconds": {
            **{name: one for name, one in result["seconds"].items() if name != "phases"},
            "process": round(fit["seconds"], 1),
        },
        "phases": result["seconds"]["phases"],
        "steps": result["plan"]["steps"],
    }


def rendered(document: dict[str, Any]) -> str:
    """Return a results document as Markdown."""
    facts, lines = document["facts"], ["| rows it learns from | accuracy | most anonymous memory | seconds |"]
    lines.append("| --- | ---: | ---: | ---: |")
    for name, rows in (("large", document["training_rows"]), ("sample_only", document["sample_rows"])):
        cell = document[name]
        score, took = cell["test"][cell["metric"]], cell["seconds"]["process"]
        lines.append(f"| {rows:,} | {score:.3f} | {cell['anonymous_mb']} MB | {took:.0f} |")
    size = f"{document['rows']:,} rows in {document['file_bytes'] / 1e9:.2f} GB, `data.memory={document['memory']}`"
    return "\n".join(lines) + f"\n\n{size}; measured on {facts['processor']}, {facts['cores']} cores."


if __name__ == "__main__":
    sys.exit(main())
