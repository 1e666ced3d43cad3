"""Few rows: a run says what more of them would bring, in its result, in its report and to the person watching."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import glia

QUICK = {"plan.threads": 1}


def spots(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Return pictures of one of two spots in much noise: a linear model learns them slowly."""
    g = np.random.default_rng(seed)
    label = g.integers(0, 2, n)
    pictures = g.normal(128, 50, (n, 12, 12))
    pictures[label == 0, 2:6, 2:6] += 22
    pictures[label == 1, 6:10, 6:10] += 22
    return {"image": pictures.clip(0, 255).astype(np.uint8), "label": np.array(["a", "b"], object)[label]}


def test_a_run_with_few_rows_says_what_more_would_bring(tmp_path: Path) -> None:
    words = {"target": "label", "net": "lenet", "epochs": 2, "test": spots(600, 1), "settings": QUICK}
    result = glia.fit(spots(400), out=tmp_path / "run", **words).result
    curve = result["learning_curve"]
    rows = result["rows"]["train"]
    assert curve["rows"] == [rows // 8, rows // 4, rows // 2, rows]
    assert curve["accuracy"][0][0] < curve["accuracy"][-1][0]
    assert curve["expected"][1] < curve["expected"][0] < curve["expected"][2]
    page = (tmp_path / "run" / "bundle" / "report.html").read_text("utf-8")
    assert "Would more rows help?" in page
    assert curve["text"][1:60] in page
    again = glia.fit(spots(400), out=tmp_path / "again", **words).result["learning_curve"]
    assert again == curve


def test_without_simple_models_or_without_classes_no_curve_is_drawn(tmp_path: Path) -> None:
    words = {"net": "lenet", "epochs": 1, "out": tmp_path / "run"}
    bare = {**QUICK, "judge.yardsticks": False}
    assert glia.fit(spots(100), target="label", settings=bare, **words).result["learning_curve"] is None
    numbers = {**spots(100), "label": np.random.default_rng(0).normal(size=100)}
    words["out"] = tmp_path / "regressed"
    assert glia.fit(numbers, target="label", settings=QUICK, **words).result["learning_curve"] is None
