"""Many series of very different size in a folder: what is taken for them, and that it learns from all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import glia
from glia.core.errors import UsageError

QUICK = {"plan.threads": 1, "net.width": 16}


def panel(folder: Path, *, series: int = 60, steps: int = 132, parts: tuple[int, ...] = (120, 132)) -> Path:
    draw = np.random.default_rng(0)
    size = np.exp(draw.uniform(0, 7, (series, 1)))
    wave = 2 + np.sin(2 * np.pi * (np.arange(steps) + draw.integers(0, 12, (series, 1))) / 12)
    low = 0
    folder.mkdir()
    for name, high in zip(("train", "valid", "test") if len(parts) == 3 else ("train", "test"), parts, strict=True):
        head = ["id", *(f"V{at}" for at in range(1, high - low + 1))]
        rows = [[f"s{at}", *map(str, row)] for at, row in enumerate((size * wave)[:, low:high].tolist())]
        (folder / f"m-{name}.csv").write_text("\n".join(",".join(row) for row in [head, *rows]))
        low = high
    return folder


def test_a_folder_of_many_uneven_series_is_forecast_in_shares(tmp_path: Path) -> None:
    bundle = glia.fit(panel(tmp_path / "m"), task="forecast", epochs=3, out=tmp_path / "run", settings=QUICK)
    assert bundle.result["net"] == "nmlp"
    assert bundle.result["rows"]["test"] == 60
    scores = bundle.result["scores"]["test"]
    assert scores["smape"]["value"] < bundle.result["yardsticks"]["last_value"]["smape"]["value"] / 2
    assert bundle.result["metric"] == "smape"
    ahead = bundle.predict(tmp_path / "m" / "m-train.csv")
    assert len(ahead["prediction"]) == 60 * 12


def test_rows_for_choosing_are_refused_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no_valid") as caught:
        glia.fit(panel(tmp_path / "m", parts=(108, 120, 132)), task="forecast", epochs=1, out=tmp_path / "run")
    assert "behind the training rows" in caught.value.remedy
