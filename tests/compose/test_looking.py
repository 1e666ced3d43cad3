"""What a look at a row takes is measured, so that a budget is neither left unused nor overrun."""

from __future__ import annotations

from pathlib import Path

import glia


def test_small_batches_do_not_make_looking_seem_dear(tmp_path: Path) -> None:
    text = "the cat sat on the mat and the dog sat by the log while the bird sang a song to them all.\n" * 500
    (tmp_path / "corpus.txt").write_text(text, encoding="utf-8")
    bundle = glia.fit(
        tmp_path / "corpus.txt",
        task="generate",
        budget=12,
        lookback=16,
        out=tmp_path / "run",
        settings={"train.batch_size": 2, "judge.yardsticks": False, "net.width": 32, "net.depth": 1},
    )
    seconds = bundle.result["seconds"]
    assert seconds["train"] > 0.25 * 12
    assert seconds["total"] < 12 * 1.3
