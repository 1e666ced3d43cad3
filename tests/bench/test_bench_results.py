"""Scores, ranks and pages."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from bench._facts import facts
from bench._models import MODELS
from bench._render import tables as rendered
from bench._run import measure
from bench._scores import scores
from bench._summary import mean_ranks, ranks
from bench.docs import filled
from bench.tables import SETS, Model, arguments, cell, prepare, told

ROOT = Path(__file__).resolve().parents[2]


def made(name: str, model: str, seed: int, score: float, **more: Any) -> dict[str, Any]:
    metric = "rmse" if name == "houses" else "accuracy"
    figures = {"seconds": 2.0, "memory_mb": 100, "others": 0.0, "over": False}
    return {"set": name, "model": model, "seed": seed, "scores": {metric: score}, **figures, **more}


@pytest.fixture
def document() -> dict[str, Any]:
    about = {"rows": [80, 20], "columns": 3, "split": "80/20 by seed"}
    return {
        "facts": {**facts(), "load": 0.0},
        "budget": "60s",
        "clock": 600,
        "seeds": [0, 1],
        "sets": {
            "people": {**about, "metric": "accuracy", "task": "classify"},
            "houses": {**about, "metric": "rmse", "task": "regress"},
        },
        "models": {
            "glia": {"family": "network", "label": "**glia**", "version": "glia 1.0+ab@60s"},
            "mlp": {"family": "network", "label": "MLP", "version": "scikit-learn 1.9+cd"},
            "hgb": {"family": "trees", "label": "HGB", "version": "scikit-learn 1.9+ef"},
        },
        "cells": [
            *(made("people", "glia", seed, 0.8 + seed / 10) for seed in (0, 1)),
            *(made("people", "hgb", seed, 0.9) for seed in (0, 1)),
            *(made("people", "mlp", seed, 0.7, seconds=700.0, over=True) for seed in (0, 1)),
            *(made("houses", "glia", seed, 0.4) for seed in (0, 1)),
            *(made("houses", "hgb", seed, 0.5, memory_mb=321) for seed in (0, 1)),
        ],
    }


def test_less_is_better_for_errors_and_ties_share_their_places() -> None:
    assert ranks({"a": 3.0, "b": 1.0, "c": 1.0, "d": 0.5}, greater=False) == {
        "a": 4,
        "b": 2.5,
        "c": 2.5,
        "d": 1,
    }


def test_who_lacks_a_set_takes_no_place_from_the_others() -> None:
    table = {"s": {"a": 1.0, "b": 3.0, "c": 2.0}, "t": {"a": 1.0, "c": 2.0}}
    assert mean_ranks(table, {"s": True, "t": False}, "abc") == {"a": 1.5, "c": 1.5}


def test_the_table_shows_means_spread_ranks_and_marks_who_was_over_the_clock(
    document: dict[str, Any],
) -> None:
    lines = rendered(document).splitlines()
    of = {line.split("|")[1].strip(): [part.strip() for part in line.split("|")[2:-1]] for line in lines[2:5]}
    assert of["**glia**"] == ["0.8500 ± 0.0707 (2)", "0.4000 ± 0.0000 (1)", "1.0", "1.5"]
    assert of["HGB"] == ["0.9000 ± 0.0000 (1)", "0.5000 ± 0.0000 (2)", "", "1.5"]
    assert of["MLP"] == ["0.7000 ± 0.0000 (3)", "–", "", ""]
    costs = {line.split("|")[1].strip(): line for line in lines[6:11]}
    assert "700.0!" in costs["MLP"]
    assert "321" in costs["HGB"]
    assert "2 seeds" in lines[-1]
    assert "scikit-learn 1.9;" not in lines[-1].replace("scikit-learn 1.9.", "")


def test_a_page_is_filled_between_its_markers_once_and_for_all(tmp_path: Path, document: dict[str, Any]) -> None:
    (tmp_path / "tables.json").write_text(json.dumps(document))
    page = "before\n<!-- bench:tables -->\nold\n<!-- /bench -->\nafter\n"
    done = filled(page, tmp_path)
    assert done.startswith("before\n<!-- bench:tables -->\n\n| model")
    assert done.endswith("<!-- /bench -->\nafter\n")
    assert "old" not in done
    assert filled(done, tmp_path) == done


def test_a_page_without_results_stays_as_it_is(tmp_path: Path) -> None:
    page = "<!-- bench:tables -->\n<!-- /bench -->\n"
    assert filled(page, tmp_path) == page


def test_the_pages_of_this_project_show_the_results_of_this_project() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        page = path.read_text(encoding="utf-8")
        assert filled(page) == page, f"run: python -m bench.docs {path.relative_to(ROOT)}"


def test_the_rarer_class_is_the_positive_one(tmp_path: Path) -> None:
    test, answer = tmp_path / "test.csv", tmp_path / "answer.csv"
    test.write_text("x,y\n1,no\n2,no\n3,yes\n4,no\n")
    answer.write_text("prediction,probability_no,probability_yes\nno,0.9,0.1\nyes,0.2,0.8\nyes,0.3,0.7\nno,0.6,0.4\n")
    found = scores(answer, test, "y", "classify")
    assert found["accuracy"] == 0.75
    assert found["roc_auc"] == pytest.approx(2 / 3)
    assert found["average_precision"] == 0.5
    assert found["log_loss"] == pytest.approx(0.6456, abs=1e-4)


def test_errors_are_scored_in_the_units_of_the_file_and_missing_rows_are_refused(tmp_path: Path) -> None:
    test, answer = tmp_path / "test.csv", tmp_path / "answer.csv"
    test.write_text("x,y\n1,10\n2,20\n")
    answer.write_text("prediction\n13\n16\n")
    assert scores(answer, test, "y", "regress")["rmse"] == pytest.approx(12.5**0.5)
    answer.write_text("prediction\n13\n")
    with pytest.raises(ValueError, match="has 1 rows"):
        scores(answer, test, "y", "regress")


def test_a_process_is_measured_whole_and_a_failure_keeps_its_last_words(tmp_path: Path) -> None:
    code = "import time; block = bytearray(200 << 20); time.sleep(0.2); print('done')"
    found = measure([sys.executable, "-c", code], tmp_path)
    assert found.output == "done\n"
    assert found.error == ""
    assert found.seconds >= 0.2
    assert 200 < found.memory_mb < 300
    assert "no such thing" in measure([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path).error


def test_a_cell_is_measured_once_unless_its_data_or_its_version_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data" / "abalone"
    data.mkdir(parents=True)
    (data / "abalone.csv").write_text("\n".join(f"M,1,1,1,1,1,1,1,{n}" for n in range(10)))
    monkeypatch.setenv("GLIA_TEST_DATA", str(data.parent))
    monkeypatch.setattr("bench.tables.CACHE", tmp_path / "cache")
    ran: list[str] = []

    def run(job: Any) -> Any:
        ran.append(job.one.name)
        job.predictions.write_text("prediction\n1\n1\n")
        return measure([sys.executable, "-c", ""], tmp_path), {}

    version = ["one"]
    model = Model("fake", "simple", "fake", lambda budget: version[0] + budget, run)
    chosen = arguments(["--sets", "abalone", "--models", "constant"])
    prepared = prepare(SETS["abalone"], 0, tmp_path)
    first = cell(model, "abalone", 0, prepared, chosen)
    assert cell(model, "abalone", 0, prepared, chosen) == first
    assert len(ran) == 1
    version[0] = "two"
    cell(model, "abalone", 0, prepared, chosen)
    assert len(ran) == 2
    (data / "abalone.csv").write_text("\n".join(f"F,1,1,1,1,1,1,1,{n}" for n in range(10)))
    cell(model, "abalone", 0, prepare(SETS["abalone"], 0, tmp_path), chosen)
    assert len(ran) == 3


FAKE = """#!{python}
import json, pathlib, sys
words = sys.argv[1:]
if words[0] == "fit":
    assert words[words.index("--budget") + 1] == "1s" and words[words.index("--target") + 1] == "rings"
    score = {{"value": 2.0, "low": 1.0, "high": 3.0, "n": 2}}
    print(json.dumps({{"net": "tabm", "parameters": 7, "scores": {{"test": {{"rmse": score}}}}}}))
else:
    pathlib.Path(words[words.index("--out") + 1]).write_text("prediction\\n1\\n1\\n")
"""


def test_the_command_line_is_asked_and_its_own_score_is_checked_against_its_predictions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data" / "abalone"
    data.mkdir(parents=True)
    (data / "abalone.csv").write_text("\n".join(f"M,1,1,1,1,1,1,1,{n}" for n in range(10)))
    program = tmp_path / "glia"
    program.write_text(FAKE.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("GLIA_TEST_DATA", str(data.parent))
    monkeypatch.setattr("bench.tables.CACHE", tmp_path / "cache")
    monkeypatch.setattr("bench._models.GLIA", program)
    chosen = arguments(["--budget", "1s"])
    found = cell(MODELS["glia"], "abalone", 0, prepare(SETS["abalone"], 0, tmp_path), chosen)
    assert found["document"]["parameters"] == 7
    assert found["claimed"] == {"rmse": 2.0}
    assert found["version"].endswith("@1s")
    assert "CLAIMED 2.0000" in told(found, "rmse")


def test_an_unknown_name_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--models", "glia,gila"])
    assert "unknown: gila; there are glia, tabm" in capsys.readouterr().err
