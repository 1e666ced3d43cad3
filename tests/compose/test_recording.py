"""What a run writes down while it trains: what went wrong, what changed, and at what cost."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import glia
from glia.cli import main
from glia.compose import keeping
from glia.core.errors import TrainingError, UsageError
from glia.record.reader import events
from glia.record.runs import look
from glia.train.checkpoint import Checkpoints
from glia.verbs.runs import saved_batch


class Picky(nn.Module):
    """Takes the logarithm of a column, which a single row does not survive."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(3, 8), nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.cat([x[:, :1], self.log(x[:, 1:2]), x[:, 2:]], dim=1)
        return self.two(torch.relu(self.one(x)))

    def log(self, x: torch.Tensor) -> torch.Tensor:
        return torch.log(x + 1.5) if self.training else x


def table() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    x = generator.uniform(-1, 1, size=(200, 3))
    x[40, 1] = -30.0
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": np.where(x[:, 0] > 0, "yes", "no")})


QUICK = {"judge.yardsticks": "false", "train.batch_size": 32, "train.lr": 0.01}


def fit(out: Path, **settings: object) -> glia.Bundle:
    torch.manual_seed(0)
    return glia.fit(table(), "y", net=Picky(), epochs=2, out=out, settings={**QUICK, **settings}, split="0.9,0.05,0.05")


def test_a_batch_that_went_wrong_is_named_saved_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit(tmp_path / "run")
    finding = next(one for one in look(tmp_path / "run").findings if one.code == "nonfinite_step")
    assert finding.evidence["rows"] == [40]
    assert finding.evidence["columns"] == ["b"]
    assert "weights were not touched" in finding.text
    step = finding.evidence["step"]
    batch = saved_batch(tmp_path / "run", step)
    assert len(batch["values"]) == 1
    assert main(["show", str(tmp_path / "run"), "--batch", str(step)]) == 0
    said = capsys.readouterr().out
    assert "columns at fault: b" in said
    assert main(["show", str(tmp_path / "run"), "--batch", str(step), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["columns"] == ["b"]
    with pytest.raises(UsageError, match=f"steps? {step}"):
        saved_batch(tmp_path / "run", 9999)
    assert any(line.event.kind() == "snapshot" for line in events(tmp_path / "run"))


def test_the_policy_is_a_setting(tmp_path: Path) -> None:
    bundle = fit(tmp_path / "back", **{"train.nonfinite": "rollback"})
    history = (bundle.folder / "history.jsonl").read_text()
    assert "back to the best weights, learning rate 0.3 of its plan" in history
    with pytest.raises(TrainingError, match=r"training rows") as caught:
        fit(tmp_path / "stop", **{"train.nonfinite": "stop"})
    assert caught.value.code == "nonfinite_gradient"
    assert look(tmp_path / "stop").state == "failed"


def test_the_rate_that_is_written_down_is_the_rate(tmp_path: Path) -> None:
    glia.fit(table(), "y", net="mlp", epochs=2, out=tmp_path / "run", settings={**QUICK, "train.schedule": "constant"})
    rates = {line.event.lr for line in events(tmp_path / "run") if line.event.kind() == "metric"}
    assert rates == {0.01}


def test_run_json_states_what_is_reproducible(tmp_path: Path) -> None:
    glia.fit(table(), "y", net="mlp", epochs=1, out=tmp_path / "run", settings=QUICK)
    document = json.loads((tmp_path / "run" / "run.json").read_text())
    assert document["determinism"]["threads"] == document["plan"]["threads"]
    assert document["determinism"]["clock_decides"] is False
    assert {"same_bits", "not_promised", "seed", "precision"} <= set(document["determinism"])
    assert set(document["data"]["train"]["columns"]) == {"a", "b", "c", "y"}


def test_no_more_than_about_ten_events_a_second(tmp_path: Path) -> None:
    settings = {**QUICK, "train.evaluate_every": 1, "train.patience": 0, "train.steps": 400}
    glia.fit(table(), "y", net="mlp", out=tmp_path / "run", settings=settings)
    lines = [line for line in events(tmp_path / "run") if line.event.kind() in ("metric", "evaluation", "layers")]
    took = lines[-1].seconds - lines[0].seconds
    assert len(lines) <= 10 * took + 6


def test_tiny_epochs_do_not_write_checkpoints_all_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "AT_EPOCH", 0.25)
    written: list[float] = []
    submit = Checkpoints.submit
    monkeypatch.setattr(
        Checkpoints,
        "submit",
        lambda self, name, state: (written.append(time.perf_counter()), submit(self, name, state))[1],
    )
    settings = {**QUICK, "train.steps": 600, "train.patience": 0}
    glia.fit(table(), "y", net="mlp", out=tmp_path / "run", settings=settings)
    assert len(written) >= 2
    assert all(later - earlier >= 0.24 for earlier, later in pairwise(written))


def test_following_the_command_line_shows_a_run_and_its_bundle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    glia.fit(table(), "y", net="mlp", epochs=2, out=tmp_path / "run", settings=QUICK)
    assert main(["show", str(tmp_path / "run"), "--follow"]) == 0
    said = capsys.readouterr().out
    assert "done" in said and "layer at step" in said and "bundle" in said
    assert main(["show", str(tmp_path / "run"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["task"] == "classify"
