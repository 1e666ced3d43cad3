"""Recordings in one folder, whose names say what is said and by whom."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import glia
from glia.columns._sounds import as_wav
from glia.compose.choices import choose
from glia.compose.prepare import Sources, prepare
from glia.core.recipe import Recipe


def recorded(folder: Path, speakers: range) -> Path:
    """Write twelve recordings of each of two words by each speaker, of a loudness of their own."""
    draw = np.random.default_rng(speakers.start)
    folder.mkdir()
    times = np.arange(1600) / 8000
    for speaker in speakers:
        for word, hertz in enumerate((400, 1200)):
            for take in range(12):
                tone = np.sin(2 * np.pi * hertz * (1 + 0.02 * speaker) * times) + draw.normal(0, 0.05, len(times))
                sound = as_wav(tone * 0.5 / 10 ** (speaker % 3), 8000)
                (folder / f"{word}_speaker{speaker}_{take}.wav").write_bytes(sound)
    return folder


def test_a_speaker_that_training_never_heard_is_understood(tmp_path: Path) -> None:
    """Names give label and speaker; one speaker of five validates and calibrates, and a sixth is the test."""
    train, test = recorded(tmp_path / "train", range(5)), recorded(tmp_path / "test", range(5, 6))
    settings = {"data.group": "speaker", "plan.threads": 1, "net.width": 4, "net.depth": 3}
    bundle = glia.fit(train, target="label", test=test, epochs=12, settings=settings, out=tmp_path / "run")
    result = bundle.result
    assert [column["name"] for column in result["columns"]] == ["audio", "label"], "who speaks is no input"
    assert [result["rows"][part] for part in ("train", "valid", "calibration", "test")] == [96, 14, 10, 24]
    score = result["scores"]["test"]["accuracy"]
    assert score["value"] > 0.9
    assert score["low"] < score["value"] or score["high"] > score["value"], "rows of one speaker are resampled"


def test_what_few_speakers_say_does_not_end_training_before_the_rate_falls(tmp_path: Path) -> None:
    recipe = Recipe().with_(data={"target": ("label",), "group": "speaker"})
    prepared = prepare(Sources(recorded(tmp_path / "train", range(5))), recipe, lambda finding: None)
    assert choose(prepared, recipe).remedies["early_stop"]["patience"] == 60
    asked = recipe.with_(train={"patience": 3})
    assert choose(prepared, asked).remedies["early_stop"]["patience"] == 3
