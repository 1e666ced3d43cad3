"""Curves and views of runs as a terminal shows them."""

from __future__ import annotations

import io
import math
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from glia.cli.curve import braille, plot
from glia.cli.runs import _whole
from glia.record import events
from glia.record.runs import Run

VALUES = st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True), max_size=300)


@given(values=VALUES, width=st.integers(1, 60), height=st.integers(1, 6))
def test_any_curve_fits_its_place_and_says_what_is_not_finite(
    values: list[float | None], width: int, height: int
) -> None:
    lines = plot(values, width, height)
    assert [len(line) for line in lines] == [width] * height
    assert len(braille(values, width)) <= width
    odd = [value is None or not math.isfinite(value) for value in values]
    if len(values) >= 2:
        assert ("×" in "".join(lines)) == any(odd)


def test_a_falling_curve_falls_and_touches_top_and_bottom() -> None:
    lines = plot([10 - index for index in range(11)], 20, 4)
    assert lines[0][0] != " " and lines[0][-1] == " "
    assert lines[-1][-1] != " " and lines[-1][0] == " "
    gaps = [x for x in range(20) if all(line[x] == " " for line in lines)]
    assert gaps == []


def test_a_curve_over_magnitudes_is_logarithmic() -> None:
    lines = plot([math.exp(-index / 10) for index in range(100)], 20, 4)
    assert [min(x for x in range(20) if line[x] != " ") for line in lines] == pytest.approx([0, 5, 10, 15], abs=1)


def made(trials: int = 1, layers: int = 3) -> Run:
    chance = random.Random(0)
    run = Run(folder=Path("runs/one"), state="running", net="mlp", source="rows.csv")
    run.watched = run.metric = "log_loss"
    for trial in range(1, trials + 1):
        for step in range(1, 40):
            run.metrics.append(events.Metric(step, 40, step / 4, 1 / step + chance.random() / 9, 0.1, 1.0, trial))
            run.evaluations.append(events.Evaluation(step, "valid", {"log_loss": 1 / step}, True, -1 / step, trial))
    names = [f"layer{index}" for index in range(layers)]
    run.layers = events.Layers(39, *(dict.fromkeys(names, 0.5) for _ in range(3)))
    run.findings = [events.Finding("odd", "warning", "something is odd", {}, "look at it")]
    return run


def shown(run: Run, width: int, height: int | None = None) -> list[str]:
    console = Console(width=width, record=True, file=io.StringIO(), highlight=False)
    console.print(_whole(run, width, height))
    return console.export_text().rstrip("\n").split("\n")


@pytest.mark.parametrize("width", [60, 80, 110, 200])
def test_a_view_fits_its_terminal(width: int) -> None:
    lines = shown(made(trials=2), width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert sum("━" in line for line in lines) == 1
    assert "trial 2, step 39/40" in " ".join(text.split())
    for said in ("loss", "validation log loss", "layer at step 39", "layer2", "something is odd"):
        assert said in " ".join(text.split())
    side_by_side = any(line.startswith("loss") and "validation" in line for line in lines)
    assert side_by_side == (width >= 80)


def test_a_deep_network_leaves_room_for_what_was_found() -> None:
    lines = shown(made(layers=300), 110, 30)
    assert len(lines) <= 30
    assert any("more layers" in line for line in lines)
    assert "something is odd" in lines[-1]


def test_only_the_running_trial_is_drawn() -> None:
    run = made(trials=2)
    run.metrics[0] = events.Metric(1, 40, 0.1, None, 0.1, 1.0, 1)
    assert "×" not in "\n".join(shown(run, 110))
    run.metrics[-1] = events.Metric(39, 40, 9.0, None, 0.1, 1.0, 2)
    assert "×" in "\n".join(shown(run, 110)) and "loss not finite" in "\n".join(shown(run, 110))


def test_a_run_that_is_done_fills_its_bar() -> None:
    run = made()
    run.state, run.valid = "done", {"value": 0.5, "low": 0.4, "high": 0.6}
    lines = shown(run, 110)
    assert "╌" not in "\n".join(lines)
    assert "best on validation: log loss 0.500 (0.400–0.600)" in lines[0]
