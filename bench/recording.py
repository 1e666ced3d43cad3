"""What recording costs: ``python -m bench.recording [--budget 40] [--pairs 10]``.

Two ways. From inside: one run of the default network, timed where it records: the seconds that the training thread
spends on events, on copying states and on measuring layers, and the processor time of the thread that writes
checkpoints, as shares of the run. From outside: pairs of runs of the same steps, one with and one without recording,
in turn; the median difference of their processor time, which other programs sway less than time on the wall.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench import _facts

RESULTS = Path(__file__).parent / "results" / "recording.json"
SETTINGS = {"train.patience": 0, "judge.yardsticks": "false", "train.trials": 1}


def main() -> int:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=40.0)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--out", type=Path, default=RESULTS)
    words = parser.parse_args()
    table = _table(words.rows)
    pairs = paired(table, words.pairs, words.epochs)  # first, since what is timed from inside is wrapped for good
    result = {"rows": words.rows, **measured(table, words.budget), "pairs": pairs, "facts": _facts.facts()}
    words.out.parent.mkdir(parents=True, exist_ok=True)
    words.out.write_text(json.dumps(result, indent=1, default=str) + "\n")
    print(json.dumps({name: one for name, one in result.items() if name != "facts"}))
    return 0 if result["share"] <= 0.01 else 1


def measured(table: dict[str, Any], budget: float) -> dict[str, Any]:
    """Return seconds of recording by kind, and their share of the whole run."""
    from glia.compose import flow, keeping
    from glia.record.writer import Record
    from glia.train.checkpoint import Checkpoints

    spent: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    inside = [0]

    def timed(home: Any, name: str, what: str, clock: Callable[[], float]) -> None:
        function = getattr(home, name)

        def call(*given: Any, **named: Any) -> Any:
            outer, inside[0] = inside[0], 1 if clock is time.perf_counter else inside[0]
            began = clock()
            try:
                return function(*given, **named)
            finally:
                if clock is not time.perf_counter or not outer:  # what is inside another one is counted once
                    spent[what] += clock() - began
                if clock is time.perf_counter:
                    inside[0] = outer
                counts[what] += 1

        setattr(home, name, call)

    timed(keeping.Keeper, "keep", "after every step", time.perf_counter)
    timed(keeping.Keeper, "watch", "evaluations", time.perf_counter)
    timed(Record, "emit", "other events", time.perf_counter)
    timed(Record, "document", "run.json", time.perf_counter)
    timed(Checkpoints, "_write", "checkpoint thread", time.thread_time)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        flow.fit(table, "y", budget=budget, out=Path(folder) / "run", settings=SETTINGS)
        seconds = time.perf_counter() - began
        events = len((Path(folder) / "run" / "events.jsonl").read_text().splitlines())
    total = sum(spent.values())
    return {
        "seconds": round(seconds, 2),
        "events": events,
        "events_per_second": round(events / seconds, 2),
        "calls": dict(counts),
        "spent": {name: round(one, 4) for name, one in spent.items()},
        "share": round(total / seconds, 5),
    }


def paired(table: dict[str, Any], pairs: int, epochs: int) -> dict[str, Any]:
    """Return the processor time of runs with and without recording, in turn."""
    seconds: dict[str, list[float]] = {"with": [], "without": []}
    _one(table, 1, recording=True)  # what is imported and warmed up is nobody's cost
    for pair in range(pairs):
        for way in ("with", "without") if pair % 2 else ("without", "with"):
            seconds[way].append(_one(table, epochs, recording=way == "with"))
    shares = [(one - other) / other for one, other in zip(seconds["with"], seconds["without"], strict=True)]
    quarters = statistics.quantiles(shares, n=4) if pairs > 1 else shares * 3
    return {
        "pairs": pairs,
        "epochs": epochs,
        "processor_seconds": {way: round(statistics.median(one), 3) for way, one in seconds.items()},
        "share": {"median": round(quarters[1], 4), "middle_half": [round(quarters[0], 4), round(quarters[2], 4)]},
    }


def _one(table: dict[str, Any], epochs: int, *, recording: bool) -> float:
    """Return the processor seconds of one run."""
    from glia.compose import flow, keeping
    from glia.record.writer import Record

    silent: list[tuple[Any, str]] = [(keeping.Keeper, name) for name in ("keep", "watch", "save_trial")]
    silent += [(Record, "emit"), (Record, "document")]
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        for home, name in silent if not recording else []:
            stack.enter_context(patch.object(home, name, lambda *_, **__: None))
        began = time.process_time()
        flow.fit(table, "y", epochs=epochs, out=Path(folder) / "run", settings=SETTINGS)
        return time.process_time() - began


def _table(rows: int) -> dict[str, Any]:
    import numpy as np

    chance = np.random.default_rng(0)
    x = chance.normal(size=(rows, 12)).astype(np.float32)
    table: dict[str, Any] = {f"x{index}": x[:, index] for index in range(12)}
    table["y"] = np.where(x[:, 0] * x[:, 1] + np.sin(3 * x[:, 2]) + 0.5 * chance.normal(size=rows) > 0, "yes", "no")
    return table


if __name__ == "__main__":
    sys.exit(main())
