"""Small runs for tests of what happens when they are interrupted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

import glia
from glia.compose import keeping
from glia.record import events

WORDS = {"target": "sick", "net": "mlp", "epochs": 6}
SETTINGS = {
    "net.width": 8,
    "net.depth": 1,
    "net.dropout": 0.1,
    "train.batch_size": 16,
    "train.evaluate_every": 5,
    "train.average": 0.9,
    "judge.yardsticks": "false",
}


def table(folder: Path, rows: int = 120, seed: int = 0) -> Path:
    """Write a small table with a yes or no to be told from two numbers and a color."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, 2))
    color = generator.choice(["red", "green", "blue"], rows)
    sick = np.where(x[:, 0] + (color == "red") > 0.3, "yes", "no")
    path = folder / "rows.csv"
    lines = [f"{a:.5f},{b:.5f},{c},{s}" for (a, b), c, s in zip(x, color, sick)]
    path.write_text("a,b,color,sick\n" + "\n".join(lines) + "\n")
    return path


def fit(source: Path | None, out: Path | None = None, **words: Any) -> glia.Bundle:
    """Fit a small network whose training no clock decides; ``resume=`` goes on with a run."""
    if "resume" in words:
        return glia.fit(source, **words)
    settings = {**SETTINGS, **words.pop("settings", {})}
    return glia.fit(source, out=out, settings=settings, **{**WORDS, **words})


def often(patch: Any, seconds: float = 0.0) -> None:
    """Let checkpoints be written at every opportunity."""
    patch.setattr(keeping, "EVERY", seconds)
    patch.setattr(keeping, "AT_EPOCH", seconds)
    patch.setattr(keeping, "SHARE", float("inf"))


def outcome(run: Path) -> dict[str, Any]:
    """Return everything of a bundle that must not depend on whether the run was interrupted."""
    bundle = run / "bundle"
    scores = json.loads((bundle / "scores.json").read_text())
    history = [json.loads(line) for line in (bundle / "history.jsonl").read_text().splitlines()]
    return {
        "weights": {name: one.numpy().tobytes() for name, one in load_file(bundle / "model.safetensors").items()},
        "scores": scores["scores"],
        "steps": [scores["plan"][name] for name in ("steps", "best_step", "stopped", "threads")],
        "history": [{name: value for name, value in row.items() if name != "seconds"} for row in history],
        "preprocessing": (bundle / "preprocessing.json").read_text(),
        "recipe": (bundle / "recipe.json").read_text(),
    }


class Killed(BaseException):
    """Stands for a process that is gone: nothing catches it, nothing is written after it."""


def killed_at(patch: Any, step: int, trial: int = 1) -> None:
    """Break a run off when a step is done, after its checkpoint."""
    keep = keeping.Keeper.keep

    def broken(self: keeping.Keeper, state: Any) -> None:
        keep(self, state)
        if state.step == step and self.trial == trial:
            self.checkpoints.wait()
            raise Killed

    patch.setattr(keeping.Keeper, "keep", broken)


def kinds(lines: list[Any]) -> list[str]:
    return [line.event.kind() for line in lines]


__all__ = ["Killed", "events", "fit", "killed_at", "kinds", "often", "outcome", "table", "torch"]
