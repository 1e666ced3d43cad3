"""What the first screen promises: each kind of data with the one command that stands there."""

from __future__ import annotations

import csv
import json
import re
import shlex
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glia.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs" / "index.md"]
SHORT = ["--epochs", "1", "--set", "judge.yardsticks=false", "--set", "plan.threads=1", "--quiet"]
SMALL = {"corpus.txt": ["--lookback", "16", "--set", "net.width=16", "--set", "net.heads=2", "--set", "net.depth=1"]}
TASKS = {
    "customers.csv": "classify",
    "photos/": "classify",
    "parts/": "anomaly",
    "reviews.csv": "classify",
    "corpus.txt": "generate",
    "load.csv": "forecast",
    "words/": "classify",
}


def promised(page: Path) -> list[list[str]]:
    """Return the commands that stand in the table before the first block of code."""
    text = (
        page.read_text(encoding="utf-8").partition("\n## ")[0] if page.name == "README.md" else page.read_text("utf-8")
    )
    return [shlex.split(one)[1:] for one in re.findall(r"^\|[^|\n]+\| `(glia [^`]+)` \|", text, re.MULTILINE)]


def pictures(folder: Path, classes: int, each: int = 24) -> None:
    generator = np.random.default_rng(classes)
    for name in range(classes):
        home = folder / f"kind{name}" if classes > 1 else folder
        home.mkdir(parents=True)
        for index in range(each):
            pixels = generator.integers(0, 120, (16, 16, 3)) + 120 * name
            Image.fromarray(pixels.astype(np.uint8)).save(home / f"{index}.png")


def sounds(folder: Path) -> None:
    generator = np.random.default_rng(1)
    for name, pitch in (("low", 200), ("high", 900)):
        (folder / name).mkdir(parents=True)
        for index in range(24):
            tone = np.sin(2 * np.pi * pitch * np.arange(4000) / 8000) + generator.normal(size=4000) * 0.1
            with wave.open(str(folder / name / f"{index}.wav"), "wb") as file:
                file.setparams((1, 2, 8000, 4000, "NONE", ""))
                file.writeframes((tone * 8000).astype("<i2").tobytes())


def table(path: Path, header: list[str], rows: list[list[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, generator = tmp_path_factory.mktemp("screen"), np.random.default_rng(0)
    ages = generator.integers(18, 80, 200)
    table(folder / "customers.csv", ["age", "paid", "churn"], [[a, a * 2.5, "yes" if a > 50 else "no"] for a in ages])
    good, bad = ["a fine film and a joy", "warm, clever and kind"], ["dull and far too long", "a waste of an evening"]
    said = [[f"{(good if i % 2 else bad)[i // 2 % 2]} {i}", "good" if i % 2 else "bad"] for i in range(120)]
    table(folder / "reviews.csv", ["text", "sentiment"], said)
    hours = np.datetime64("2024-01-01T00") + np.arange(600)
    table(folder / "load.csv", ["time", "load"], [[t, round(10 + np.sin(i / 4), 3)] for i, t in enumerate(hours)])
    (folder / "corpus.txt").write_text("".join(f"the {i} hills are green and far away.\n" for i in range(60)))
    pictures(folder / "photos", 2)
    pictures(folder / "parts", 1, 48)
    sounds(folder / "words")
    return folder


def test_pictures_texts_series_and_sounds_stand_on_the_first_screen() -> None:
    for page in PAGES:
        sources = {words[1] for words in promised(page) if words[0] == "fit"}
        assert sources == set(TASKS), page.name


@pytest.mark.slow
@pytest.mark.parametrize("source", TASKS)
def test_the_one_command_does_it(source: str, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    (words,) = [words for words in promised(PAGES[0]) if words[:2] == ["fit", source]]
    out = f"runs/{source.strip('/')}"
    assert main([*words, "--out", out, *SHORT, *SMALL.get(source, [])]) == 0
    document = json.loads((workplace / out / "bundle" / "scores.json").read_text())
    assert document["task"] == TASKS[source]
    for more in (words for words in promised(PAGES[0]) if words[0] == "adapt" and source == "photos/"):
        assert main(["adapt", out, *more[2:], "--out", "runs/adapted", *SHORT]) == 0
