"""``glia plan``: the same question as ``glia fit``, and an answer that says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from glia.cli import main
from glia.cli.app import app
from glia.cli.plans import plan_view

RUNNING = {"--out", "--dry-run", "--resume", "--track", "--quiet"}


def arguments(verb: str) -> dict[str, str | None]:
    return {one.name: one.parameter.help for one in app[verb].assemble_argument_collection(parse_docstring=True)}


def way(seconds: float, loss: float, agrees: bool = True, **more: Any) -> dict[str, Any]:
    plain = {"threads": 1, "precision": "fp32", "layout": "plain", "form": "each", "fused": False, "compiled": False}
    return {**plain, **more, "seconds": seconds, "loss": loss, "agrees": agrees}


def document(**more: Any) -> dict[str, Any]:
    tried = [way(0.004, 0.5), way(0.002, 0.5, threads=2), way(0.001, 0.9, agrees=False, precision="bf16")]
    made = {**tried[1], "tried": tried, "reason": "2.00 ms a step", "bottleneck": "backward (60% of a step)"}
    memory = {"weights": 2**20, "gradients": 2**20, "moments": 2**21, "activations": 2**22, "rows": 0}
    return {
        "task": "classify",
        "net": "mlp",
        "rows": {"train": 1000},
        "steps": 5000,
        "batch": 64,
        "plan": made,
        "flops": 2e7,
        "peak": {"fp32": 100.0},
        "roofline": 0.1,
        "memory": memory,
        **more,
    }


def test_a_plan_is_asked_for_as_a_fit_is() -> None:
    fit, plan = arguments("fit"), arguments("plan")
    assert set(fit) - set(plan) == RUNNING
    assert {name: said for name, said in plan.items() if name in fit and name != "SOURCE"}.items() <= fit.items()


def test_a_forecast_is_planned_with_its_horizon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["t,load", *(f"2024-01-01T{hour % 24:02d}:00:00,{hour % 7}.5" for hour in range(24))]
    rows = [f"2024-{1 + day // 28:02d}-{1 + day % 28:02d},{day % 7 + 0.5}" for day in range(200)]
    (tmp_path / "s.csv").write_text("\n".join([lines[0], *rows]) + "\n")
    words = ["--task", "forecast", "--horizon", "3", "--lookback", "14", "--time", "t", "--net", "nlinear"]
    assert main(["plan", str(tmp_path / "s.csv"), *words, "--set", "plan.threads=1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["task"], found["net"]) == ("forecast", "nlinear")
    assert found["plan"]["threads"] == 1
    assert found["memory"]["weights"] > 0
    assert found["plan"]["tried"]


def test_every_way_that_was_tried_is_shown_with_its_time_and_its_loss(capsys: pytest.CaptureFixture[str]) -> None:
    plan_view(document())
    out = capsys.readouterr().out
    first, won, wrong = (next(line for line in out.splitlines() if words in line) for words in ("4.00", "2.00", "1.00"))
    assert "→" in won and "2 threads" in won
    assert "→" not in first and "→" not in wrong
    assert "off by 80%" in wrong


def test_why_it_won_what_limits_it_and_what_it_holds_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    plan_view(document())
    out = " ".join(capsys.readouterr().out.split())
    assert "backward (60% of a step)" in out
    assert "10% of what this machine was measured to do (fp32 100 GFLOP/s); 0.02 GFLOP a step" in out
    assert "about 8.0 MB: weights 1.0 MB, gradients 1.0 MB, moments 2.0 MB, activations 4.0 MB" in out
    assert "about 10.0 s" in out


def test_a_plan_by_rule_has_nothing_to_compare(capsys: pytest.CaptureFixture[str]) -> None:
    made = {**document()["plan"], "tried": [], "seconds": None, "bottleneck": "", "reason": "by rule"}
    plan_view(document(plan=made, roofline=None, flops=None))
    out = capsys.readouterr().out
    assert "by rule" in out and "ways tried" not in out and "fp32 100 GFLOP/s" in out


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("plan.device=cuda", "plan.device=cuda cannot be had"),
        ("plan.precision=bf16", "no instructions for products in bfloat16"),
        ("plan.precision=tf32", "a precision of graphics cards"),
        ("plan.precision=int8", "plan.precision"),
    ],
)
@pytest.mark.parametrize("mode", ["plan.mode=auto", "plan.mode=plain"])
def test_what_this_machine_lacks_is_refused_with_the_reason_and_a_cure(
    setting: str, said: str, mode: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("glia.train.plan.half_is_fast", lambda: False)
    words = ["iris", "--target", "target", "--net", "linear", "--set", setting, "--set", mode, "--json"]
    assert main(["plan", *words]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert said in error["text"]
    assert error["remedy"]
