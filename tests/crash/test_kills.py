"""Sixty kills at random instants, by the same campaign that ``python -m bench.crash`` runs at length."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the campaign forks")
def test_sixty_kills_lose_nothing(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "bench.crash", "--kills", "60", "--out", str(tmp_path / "crash.json")]
    done = subprocess.run(words, cwd=ROOT, check=False, capture_output=True, text=True, timeout=280)
    result = json.loads((tmp_path / "crash.json").read_text())
    assert result["failures"] == []
    assert done.returncode == 0, done.stderr[-2000:]
    assert result["kills"] >= 60
    assert {"time", "disk"} <= set(result["killed"])


def test_the_long_campaign_had_no_failure() -> None:
    path = ROOT / "bench" / "results" / "crash.json"
    if not path.exists():
        pytest.skip("the long campaign has not been run")
    result = json.loads(path.read_text())
    assert result["kills"] >= 1000
    assert result["failures"] == []
