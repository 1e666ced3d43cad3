"""Small bundles of every kind, fitted by nobody: the tests ask what is lost or trusted on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from glia.bundle.writer import write
from glia.core.raw import RawTable
from glia.nets import nets
from glia.objectives import objectives
from glia.sources import read
from glia.table.encodings import RowByRow
from glia.table.schema import Schema

__all__ = ["columns", "made", "table"]

READOUTS = {
    "classify": {"readout": "classify", "temperature": 1.7, "threshold": 0.4},
    "multilabel": {"readout": "multilabel", "temperature": 0.8},
    "regress": {"readout": "regress", "radius": [2.5], "level": 0.9},
}
TARGETS = {"classify": ["label"], "multilabel": ["first", "second"], "regress": ["size"]}


def columns(rows: int = 60) -> dict[str, np.ndarray]:
    """Return a table of numbers, categories and every kind of target."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=rows)
    x[3] = np.nan
    return {
        "x": x,
        "kind": np.array(["<b>red</b>", "größe", "|pipe|"], dtype=object)[draw.integers(0, 3, rows)],
        "label": np.array(["no", "<script>alert(1)</script>"], dtype=object)[draw.integers(0, 2, rows)],
        "first": draw.integers(0, 2, rows).astype(bool),
        "second": draw.integers(0, 2, rows).astype(bool),
        "size": draw.normal(200_000, 50_000, rows),
    }


def table(objective: str, rows: int = 60) -> RawTable:
    """Return the rows for an objective: inputs and its own targets."""
    others = {name for one, names in TARGETS.items() if one != objective for name in names}
    return read({name: values for name, values in columns(rows).items() if name not in others})


def made(folder: Path, objective: str = "classify", net: str = "mlp", **changes: Any) -> tuple[Path, torch.nn.Module]:
    """Write a bundle and return it with its network."""
    raw = table(objective)
    task = "regress" if objective == "regress" else "classify"
    schema = Schema.infer(raw, targets=TARGETS[objective], task=task)
    schema.learn(raw)
    role = objectives.get(objective)().roles(schema.specs(), schema.specs("target"))["net"]
    options = {"width": 8, "depth": 1} if net == "mlp" else {}
    torch.manual_seed(0)
    module = changes.pop("module", None)
    network = nets.get(net)(role.inputs, role.output, **options) if module is None else module(role)
    score = {"value": 0.9, "low": 0.8, "high": 0.95, "n": 60, "how": "bootstrap"}
    metric = "rmse" if objective == "regress" else "log_loss"
    arguments = {
        "nets": {"net": network},
        "net_name": net,
        "net_options": options,
        "foreign": False,
        "encoding": RowByRow(schema),
        "readout": READOUTS[objective],
        "objective_name": objective,
        "objective_options": {},
        "recipe": {"data": {"source": "made", "target": TARGETS[objective]}, "seed": 0},
        "result": {
            "task": task,
            "target": TARGETS[objective],
            "net": net,
            "rows": {"train": 40, "test": 20},
            "scores": {"test": {metric: score}},
            "yardsticks": {"constant": {metric: score}},
            "verdict": {
                "metric": metric,
                "text": "cannot tell",
                "low": -1.0,
                "high": 1.0,
                "yardstick": "constant",
            },
        },
        "history": [{"step": 1, "loss": float("nan"), "valid": {"loss": 0.5}}, {"step": 2, "loss": 0.25}],
        "reference": schema.summarize(raw),
        "curves": {},
    }
    return write(folder, **{**arguments, **changes}), network
