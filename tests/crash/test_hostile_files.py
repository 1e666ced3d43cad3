"""Files of strangers: none runs anything, each is refused soon, with little memory and a plain reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pipes, limits and /proc are Linux's")
def test_hostile_files_are_refused_and_none_is_run(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.crash.hostile", str(tmp_path / "files")]
    done = subprocess.run(
        words, cwd=ROOT, check=False, capture_output=True, text=True, timeout=200,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout)
    assert result["ran"] == []
    assert len(result["files"]) >= 60
    for file in result["files"]:
        assert file["said"].startswith("refused: "), file
        assert file["worked"] < 2, file
        assert file["seconds"] < 2 + 8 * (file["worked"] > 0.05), file  # other programs may want the processor, too
        assert len(file["said"]) > 20, file
    peak = max(file["peak"] for file in result["files"])
    assert (peak - result["before"]) / 1024 < 512
