"""What recording costs: ``python -m bench.recording [--budget 40]``.

A run of the default network is timed from inside: the seconds that the training thread spends on events, on copying
states and on measuring layers, and the processor time of the thread that writes checkpoints, as shares of the run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import _facts

RESULTS = Path(__file__).parent / "results" / "recording.json"


def main() -> int:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=40.0)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    words = parser.parse_args()
    result = {**measured(words.budget, words.rows), "facts": _facts.facts()}
    words.out.write_text(json.dumps(result, indent=1, default=str) + "\n")
    print(json.dumps({name: one for name, one in result.items() if name != "facts"}))
    return 0 if result["share"] <= 0.01 else 1


def measured(budget: float, rows: int) -> dict[str, Any]:
    """Return seconds of recording by kind, and their share of the whole run."""
    import numpy as np

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
    chance = np.random.default_rng(0)
    x = chance.normal(size=(rows, 12)).astype(np.float32)
    table = {f"x{index}": x[:, index] for index in range(12)}
    table["y"] = np.where(x[:, 0] * x[:, 1] + np.sin(3 * x[:, 2]) + 0.5 * chance.normal(size=rows) > 0, "yes", "no")
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        settings = {"train.patience": 0, "judge.yardsticks": "false", "train.trials": 1}
        flow.fit(table, "y", budget=budget, out=Path(folder) / "run", settings=settings)
        seconds = time.perf_counter() - began
        events = len((Path(folder) / "run" / "events.jsonl").read_text().splitlines())
    total = sum(spent.values())
    return {
        "rows": rows,
        "seconds": round(seconds, 2),
        "events": events,
        "calls": dict(counts),
        "spent": {name: round(one, 4) for name, one in spent.items()},
        "share": round(total / seconds, 5),
    }


if __name__ == "__main__":
    sys.exit(main())
