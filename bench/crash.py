"""Kill runs at random instants and resume them: ``python -m bench.crash --kills 200``.

A fork server keeps it quick: the libraries are imported once, every run is a fork. A run is killed in one of three
ways: from outside after a random time; by an alarm somewhere inside training, evaluating, checkpointing, judging or
writing the bundle; or in the middle of one of its disk operations, a write being cut in half. Then its directory must
be readable, every checkpoint in it whole, and the resumed run (which may be killed again) must end with the bits of a
run that nobody touched.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "crash.json"
ROWS = 90
BASE = {"judge.yardsticks": "false", "train.batch_size": 16, "train.evaluate_every": 3}
SMALL = {"net.width": 8, "net.depth": 1}
KINDS: dict[str, dict[str, Any]] = {
    "mlp": {"net": "mlp", "epochs": 4, "settings": {**SMALL, "net.dropout": 0.2, "train.average": 0.9}},
    "linear, schedule free": {"net": "linear", "epochs": 4, "settings": {"train.optimizer": "schedule_free"}},
    "mlp, sharpness aware": {"net": "mlp", "epochs": 3, "settings": {**SMALL, "train.step": "sam"}},
    "tabm, three trials": {
        "net": "tabm",
        "epochs": 1,
        "settings": {"train.trials": 3, "net.width": 8, "net.members": 2, "net.depth": 1},
    },
    "mlp, batch norm": {"net": "resnet_mlp", "epochs": 3, "settings": {"net.width": 8}},
}
# Where an alarm may be set: a function, how often it is called at least, and seconds it may take.
PHASES = {
    "training": ("glia.train.loop:update", 12, 0.005),
    "evaluation": ("glia.train.loop:measure", 4, 0.005),
    "checkpoint": ("glia.train.checkpoint:_store", 8, 0.02),
    "judging": ("glia.compose.way:judge", 1, 0.06),
    "bundle": ("glia.bundle.writer:_config", 1, 0.15),
}
WAYS = ("time", "phase", "disk")


def main() -> int:
    """Run the campaign and write its result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    words = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    _import_all()
    result = campaign(words.kills, words.seed)
    words.out.parent.mkdir(parents=True, exist_ok=True)
    words.out.write_text(json.dumps(result, indent=1) + "\n")
    print(f"{result['kills']} kills, {result['runs']} runs, {len(result['failures'])} failures, {result['seconds']} s")
    return 1 if result["failures"] else 0


def _import_all() -> None:
    import torch

    from glia.compose.warm import LATER, YARDSTICKS
    from glia.core.shelf import Shelf
    from glia.verbs.shelves import SHELVES

    torch.set_num_threads(1)
    for name in (*LATER, *YARDSTICKS, "duckdb", "glia.bundle.bundle", "glia.bundle.writer", "glia.compose.flow"):
        import_module(name)
    for path in SHELVES.values():
        for part in Shelf(path).names():
            import_module(f"{path}.{part}")


def campaign(kills: int, seed: int) -> dict[str, Any]:
    """Return how many kills of how many runs went wrong, and how."""
    chance = random.Random(seed)
    began = time.perf_counter()
    counts: Counter[str] = Counter()
    failures: list[dict[str, Any]] = []
    runs = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _table(root / "rows.csv", seed)
        whole, lengths, writes = _references(root)
        while counts["kills"] < kills:
            kind = list(KINDS)[runs % len(KINDS)]
            run = root / "runs" / f"run-{runs}"
            runs += 1
            problem = _one(root, run, kind, chance, counts, lengths[kind], writes[kind], whole[kind])
            if problem:
                failures.append({"kind": kind, "run": runs, "problem": problem})
            shutil.rmtree(run, ignore_errors=True)
    ways = {name.partition(": ")[2]: count for name, count in sorted(counts.items()) if name.startswith("way: ")}
    found = {name.partition(": ")[2]: count for name, count in sorted(counts.items()) if name.startswith("after: ")}
    return {
        "kills": counts["kills"],
        "runs": runs,
        "seed": seed,
        "failures": failures,
        "killed": ways,
        "last_event": found,
        "seconds": round(time.perf_counter() - began, 1),
    }


def _references(root: Path) -> tuple[dict[str, dict[str, str]], dict[str, float], dict[str, int]]:
    """Return the outcome of every kind of run that nobody kills, its seconds, and its disk operations."""
    whole, lengths, writes = {}, {}, {}
    for kind in KINDS:
        run = root / "whole" / kind
        began = time.perf_counter()
        code = _wait(_fork(root, run, kind, partial(_count, root / f"{kind}.count")))
        if code != 0:
            raise SystemExit(f"the {kind} run fails without being killed ({code}); see {run}")
        lengths[kind] = time.perf_counter() - began
        whole[kind] = outcome(run)
        writes[kind] = int((root / f"{kind}.count").read_text())
    return whole, lengths, writes


def _one(
    root: Path,
    run: Path,
    kind: str,
    chance: random.Random,
    counts: Counter[str],
    seconds: float,
    writes: int,
    whole: dict[str, str],
) -> str:
    """Kill a run once or oftener, resume it, and return what was wrong, if anything."""
    again = 1.0
    for _ in range(20):
        deadly = chance.random() < again
        again = 0.35
        way, act = _way(chance, writes) if deadly else ("none", lambda: None)
        child = _fork(root, run, kind, act)
        if way == "time":
            time.sleep(chance.uniform(0, 1.05 * seconds))
            os.kill(child, signal.SIGKILL)
        code = _wait(child)
        if code > 0:
            return f"exit code {code}: {_said(run)}"
        if code == 0:
            other = [name for name, mark in outcome(run).items() if mark != whole[name]]
            return f"other {', '.join(other)} than the run that nobody killed" if other else ""
        counts["kills"] += 1
        counts[f"way: {way}"] += 1
        problem = _readable(run)
        counts[f"after: {problem if problem in LAST else 'unreadable'}"] += 1
        if problem not in LAST:
            return problem
    return "it never ended"


LAST = ("nothing", "start", "note", "finding", "planned", "metric", "evaluation", "layers", "checkpoint", "end")


def _way(chance: random.Random, writes: int) -> tuple[str, Callable[[], None]]:
    way = chance.choice(WAYS)
    if way == "time":
        return way, lambda: None
    if way == "phase":
        name = chance.choice(list(PHASES))
        place, calls, longest = PHASES[name]
        call, late = chance.randint(1, calls), chance.uniform(0, longest)
        return f"phase {name}", lambda: _alarm(place, call, late)
    number, half = chance.randint(1, writes), chance.random() < 0.5
    return way, lambda: _cut(number, half)


def _fork(root: Path, run: Path, kind: str, prepare: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        silent = os.open(
            run.parent / f"{run.name}.said" if run.parent.is_dir() else os.devnull, os.O_CREAT | os.O_WRONLY
        )
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        from glia.compose import flow, keeping

        # At every chance, and nothing waits for a library that a thread is importing.
        keeping.EVERY = keeping.AT_EPOCH = 0.0
        keeping.SHARE = float("inf")
        flow.warm = lambda **_: None  # type: ignore[assignment]
        prepare()
        if (run / "run.json").exists():
            flow.fit(None, resume=run)
        else:
            words = {**KINDS[kind], "settings": {**BASE, **KINDS[kind]["settings"]}}
            flow.fit(root / "rows.csv", "sick", out=run, **words)
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _wait(child: int) -> int:
    """Return the exit code of a child, negative where a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _alarm(place: str, call: int, late: float) -> None:
    """Let the process die, without a word, a moment after the n-th call of a function began."""
    module, name = place.split(":")
    home = import_module(module)
    function, calls = getattr(home, name), [0]

    def armed(*given: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            signal.setitimer(signal.ITIMER_REAL, max(late, 1e-6))
        return function(*given, **named)

    setattr(home, name, armed)


def _operations(touch: Callable[[Callable[[], Any] | None], None]) -> None:
    """Call ``touch`` before everything that changes a disk, with what would do half of it."""

    def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            touch(None)
            return function(*given, **named)

        return call

    write = os.write

    def writing(handle: int, data: bytes) -> int:
        touch(lambda: write(handle, data[: len(data) // 2]))
        return write(handle, data)

    opened = Path.open

    def opening(self: Path, mode: str = "r", *given: Any, **named: Any) -> Any:
        if not set(mode) & set("wxa"):
            return opened(self, mode, *given, **named)
        touch(None)
        return _Torn(opened(self, mode, *given, **named), touch)

    os.write = writing
    Path.open = opening  # type: ignore[method-assign, assignment]
    for name in ("fsync", "replace", "ftruncate"):
        setattr(os, name, wrapped(getattr(os, name)))
    for name in ("mkdir", "rename", "unlink"):
        setattr(Path, name, wrapped(getattr(Path, name)))
    shutil.rmtree = wrapped(shutil.rmtree)  # type: ignore[assignment]


class _Torn:
    """A file that can be left half-written."""

    def __init__(self, file: Any, touch: Callable[[Callable[[], Any] | None], None]) -> None:
        self.file, self.touch = file, touch

    def write(self, data: bytes) -> int:
        def half() -> None:
            self.file.write(data[: len(data) // 2])
            self.file.flush()

        self.touch(half)
        return self.file.write(data)

    def __enter__(self) -> _Torn:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def _count(path: Path) -> None:
    """Keep in a file how many disk operations there have been."""
    count = [0]
    handle = os.open(path, os.O_CREAT | os.O_WRONLY)
    write = os.write

    def touch(_: object) -> None:
        count[0] += 1
        os.lseek(handle, 0, os.SEEK_SET)
        write(handle, str(count[0]).encode())

    _operations(touch)


def _cut(number: int, half: bool) -> None:
    """Let the process die at its n-th disk operation, before it or in the middle."""
    count = [0]

    def touch(part: Callable[[], Any] | None) -> None:
        count[0] += 1
        if count[0] == number:
            if half and part is not None:
                part()
            os.kill(os.getpid(), signal.SIGKILL)

    _operations(touch)


def _readable(run: Path) -> str:
    """Return what a run's directory tells last, or why it cannot be read."""
    from glia.core.manifest import verify
    from glia.record.reader import scan
    from glia.record.runs import find, look

    try:
        find(run.parent)
        if not (run / "run.json").exists():
            return "nothing"
        look(run)
        lines = scan(run)
        for folder in (run / "checkpoints").glob("step-*"):
            if verify(folder):
                return f"{folder.name} is damaged: {verify(folder)}"
        if (run / "bundle").exists() and verify(run / "bundle"):
            return f"the bundle is damaged: {verify(run / 'bundle')}"
    except Exception as error:
        return f"unreadable: {type(error).__name__}: {error}"
    return lines[-1].event.kind() if lines else "nothing"


def outcome(run: Path) -> dict[str, str]:
    """Return hashes of everything in a bundle that must not depend on interruptions."""
    bundle = run / "bundle"
    scores = json.loads((bundle / "scores.json").read_text())
    history = [json.loads(line) for line in (bundle / "history.jsonl").read_text().splitlines()]
    for row in history:
        row.pop("seconds", None)
    parts = {
        "weights": (bundle / "model.safetensors").read_bytes(),
        "preprocessing": (bundle / "preprocessing.json").read_bytes(),
        "recipe": (bundle / "recipe.json").read_bytes(),
        "scores": json.dumps(scores["scores"]).encode(),
        "steps": json.dumps([scores["plan"]["steps"], scores["plan"]["best_step"]]).encode(),
        "history": json.dumps(history).encode(),
    }
    return {name: sha256(data).hexdigest() for name, data in parts.items()}


def _said_file(run: Path) -> Path:
    return run.parent / f".{run.name}.said"


def _said(run: Path) -> str:
    return _said_file(run).read_text()[-1500:]


def _table(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    lines = ["a,b,color,sick"]
    for _ in range(ROWS):
        a, b, color = chance.gauss(0, 1), chance.gauss(0, 1), chance.choice(("red", "green", "blue"))
        lines.append(f"{a:.5f},{b:.5f},{color},{'yes' if a + (color == 'red') > 0.3 else 'no'}")
    path.write_text("\n".join(lines) + "\n")
    (path.parent / "runs").mkdir(exist_ok=True)


if __name__ == "__main__":
    sys.exit(main())
